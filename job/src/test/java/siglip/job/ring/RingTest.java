package siglip.job.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.RingSettings;
import siglip.job.order.Slices;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.SparseRows;

@Timeout(120)
class RingTest {
    private static final int WIDTH = 3;

    /** A text row that says whose it is: every float and the concept id are the row's position in the global batch. */
    private static TextBlock texts(Slices rows, int rank) {
        TextBlock block = new TextBlock(rows.largest(), WIDTH).shape(rows.size(rank));
        int[] conceptIds = new int[block.rows()];
        for (int i = 0; i < block.rows(); i++) {
            conceptIds[i] = rows.start(rank) + i;
            for (int k = 0; k < WIDTH; k++) {
                block.embeddings().set(i, k, conceptIds[i]);
            }
        }
        block.writeConceptIds(conceptIds);
        return block;
    }

    private static List<TextBlock> places(Slices rows, int count) {
        List<TextBlock> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            places.add(new TextBlock(rows.largest(), WIDTH));
        }
        return places;
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "2, 2", "3, 2", "4, 2", "5, 2", "5, 4"})
    void everyRankSeesTheTextsOfEveryOtherInTheOrderOfTheRing(int ranks, int places) throws Exception {
        Slices rows = new Slices(4L * ranks + 1, ranks);
        try (Circle circle = new Circle(ranks)) {
            List<List<Integer>> seen = circle.run(node -> {
                List<Integer> conceptIds = new ArrayList<>();
                List<TextBlock> memory = places(rows, places);
                TextBlock own = texts(rows, node.rank());
                for (long step = 0; step < 3; step++) {
                    TextRing ring = new TextRing(node, rows, 0, step, own, memory);
                    for (int phase = 1; phase < ranks; phase++) {
                        TextBlock block = ring.await(phase);
                        for (int i = 0; i < block.rows(); i++) {
                            assertThat(block.embeddings().get(i, WIDTH - 1)).isEqualTo(block.conceptIds()[i]);
                            conceptIds.add(block.conceptIds()[i]);
                        }
                        ring.used(phase);
                    }
                    ring.finish();
                }
                return conceptIds;
            });
            for (int rank = 0; rank < ranks; rank++) {
                List<Integer> expected = new ArrayList<>();
                for (int step = 0; step < 3; step++) {
                    for (int phase = 1; phase < ranks; phase++) {
                        int owner = Math.floorMod(rank - phase, ranks);
                        for (int i = 0; i < rows.size(owner); i++) {
                            expected.add(rows.start(owner) + i);
                        }
                    }
                }
                assertThat(seen.get(rank)).as("rank %d", rank).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void gradientsOfTextsComeHomeWithTheSharesOfAllRanks(int ranks) throws Exception {
        Slices rows = new Slices(3L * ranks + 2, ranks);
        try (Circle circle = new Circle(ranks)) {
            List<float[]> home = circle.run(node -> {
                List<Matrix> shares =
                        List.of(Matrix.allocate(rows.largest(), WIDTH), Matrix.allocate(rows.largest(), WIDTH));
                List<Matrix> arriving =
                        List.of(Matrix.allocate(rows.largest(), WIDTH), Matrix.allocate(rows.largest(), WIDTH));
                Matrix own = Matrix.allocate(rows.size(node.rank()), WIDTH);
                for (long step = 0; step < 2; step++) {
                    own.clear();
                    fill(own, node.rank(), node.rank());
                    GradientRing ring = new GradientRing(node, rows, 0, step, shares, arriving);
                    for (int phase = 1; phase < ranks; phase++) {
                        Matrix share = ring.share(phase);
                        fill(share, node.rank(), Math.floorMod(node.rank() - phase, ranks));
                        ring.pass(phase, share);
                    }
                    ring.home(own);
                }
                return own.toArray();
            });
            for (int rank = 0; rank < ranks; rank++) {
                float expected = 0;
                for (int from = 0; from < ranks; from++) {
                    expected += share(from, rank);
                }
                assertThat(home.get(rank)).hasSize(rows.size(rank) * WIDTH).containsOnly(expected);
            }
        }
    }

    /** Small integers, whose sums are exact in any order: one that names giver and owner. */
    private static float share(int from, int owner) {
        return (1 << from) * 100 + owner;
    }

    private static void fill(Matrix matrix, int from, int owner) {
        for (int i = 0; i < matrix.rows(); i++) {
            for (int k = 0; k < matrix.columns(); k++) {
                matrix.set(i, k, matrix.get(i, k) + share(from, owner));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4})
    void theDriverReceivesTheSumOfAllGradientsAndEveryRankItsAnswer(int ranks) throws Exception {
        PieceLayout layout = PieceLayout.of(11, 10, 2, ranks);
        int[][] touched = {{0, 3, 9}, {3, 4}, {}, {9}};
        try (Circle circle = new Circle(ranks)) {
            List<Future<List<float[]>>> running = circle.start(node -> {
                RankReduction reduction = new RankReduction(node, layout);
                Matrix dense = Matrix.allocate(1, 11);
                Matrix table = Matrix.allocate(10, 2);
                Matrix values = Matrix.allocate(10, 2);
                RankReduction.Offers offers = reduction.offer(0, 7);
                dense.write(0, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 0, 11);
                int[] ids = touched[node.rank()];
                for (int i = 0; i < ids.length; i++) {
                    values.set(i, 0, ids[i]);
                    values.set(i, 1, 1 << node.rank());
                }
                SparseRows touchedHere = new SparseRows(ids, values);
                reduction.reduce(offers, List.of(dense), List.of(touchedHere), new double[] {node.rank() + 0.5});
                DoubleBuffer scalars = reduction.update(offers, dense, table);
                assertThat(scalars.get(3)).isEqualTo(42);
                return List.of(dense.toArray(), table.toArray());
            });
            circle.driver().assemble();
            DriverReduction driver = new DriverReduction(circle.driver(), layout, 0);
            List<CompletableFuture<ByteBuffer>> offers = driver.offer(7);
            Piece[] sums = driver.await(offers);
            float[] dense = new float[11];
            float[] table = new float[20];
            double scalars = 0;
            for (int rank = 0; rank < ranks; rank++) {
                sums[rank]
                        .dense()
                        .get(dense, layout.dense().start(rank), layout.dense().size(rank));
                scalars += sums[rank].scalars().get(0);
                for (int i = 0; i < sums[rank].rows(); i++) {
                    sums[rank].values().get(2 * i, table, 2 * sums[rank].ids().get(i), 2);
                }
            }
            for (int i = 0; i < 11; i++) {
                assertThat(dense[i]).isEqualTo(ranks * (i + 1));
            }
            float[] expectedTable = new float[20];
            for (int rank = 0; rank < ranks; rank++) {
                for (int id : touched[rank]) {
                    expectedTable[2 * id] += id;
                    expectedTable[2 * id + 1] += 1 << rank;
                }
            }
            assertThat(table).isEqualTo(expectedTable);
            assertThat(scalars).isEqualTo(ranks * ranks / 2.0);

            Piece[] answer = driver.parameters();
            for (int rank = 0; rank < ranks; rank++) {
                answer[rank].scalars().put(3, 42);
                answer[rank]
                        .dense()
                        .put(dense, layout.dense().start(rank), layout.dense().size(rank));
                answer[rank].rows(layout.table().size(rank));
                for (int i = 0; i < answer[rank].rows(); i++) {
                    answer[rank].ids().put(i, layout.table().start(rank) + i);
                }
                answer[rank].values().put(table, 2 * layout.table().start(rank), 2 * answer[rank].rows());
                driver.send(rank, 7);
            }
            for (Future<List<float[]>> each : running) {
                List<float[]> parameters = each.get(30, TimeUnit.SECONDS);
                assertThat(parameters.get(0)).isEqualTo(dense);
                assertThat(parameters.get(1)).isEqualTo(table);
            }
        }
    }

    @Test
    void aSlowRankSlowsItsNeighboursAndBreaksNothing() throws Exception {
        int ranks = 4;
        Slices rows = new Slices(8, ranks);
        try (Circle circle = new Circle(ranks)) {
            List<Integer> blocks = circle.run(node -> {
                List<TextBlock> memory = places(rows, 2);
                int count = 0;
                for (long step = 0; step < 5; step++) {
                    TextRing ring = new TextRing(node, rows, 0, step, texts(rows, node.rank()), memory);
                    for (int phase = 1; phase < ranks; phase++) {
                        TextBlock block = ring.await(phase);
                        Thread.sleep(node.rank() == 2 ? 50 : 5);
                        assertThat(block.conceptIds()[0]).isEqualTo(rows.start(ring.owner(phase)));
                        count++;
                        ring.used(phase);
                    }
                    ring.finish();
                }
                return count;
            });
            assertThat(blocks).containsOnly(15);
        }
    }

    @Test
    void aRankThatFailsEndsTheWaitsOfAllAndIsNamed() throws Exception {
        Slices rows = new Slices(6, 3);
        try (Circle circle = new Circle(3)) {
            List<Future<Integer>> running = circle.start(node -> {
                try {
                    if (node.rank() == 1) {
                        throw new IllegalStateException("a broken disk");
                    }
                    TextRing ring = new TextRing(node, rows, 0, 0, texts(rows, node.rank()), places(rows, 2));
                    return ring.await(1).rows() + ring.await(2).rows();
                } catch (RuntimeException e) {
                    node.giveUp(e, true);
                    throw e;
                }
            });
            circle.driver().assemble();
            CompletableFuture<Void> never = new CompletableFuture<>();

            assertThatThrownBy(() -> circle.driver().await(never, 0, "anything"))
                    .hasRootCauseInstanceOf(CulpritException.class)
                    .hasMessageContaining("Rank 1 failed")
                    .hasMessageContaining("a broken disk");
            for (Future<Integer> each : running) {
                assertThatThrownBy(() -> each.get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
            }
        }
    }

    @Test
    void aRankWhoseConnectionBreaksIsNamedWhateverItSaidLastThatItWaitsFor() throws Exception {
        CompletableFuture<Void> never = new CompletableFuture<>();
        try (Circle circle = new Circle(3)) {
            List<Future<Integer>> running = circle.start(node -> {
                if (node.rank() == 1) {
                    node.waiting(2, "texts");
                    Thread.sleep(3 * Circle.SETTINGS.heartbeat().toMillis()); // the driver has heard that
                    node.routeTo(0).getChannel().close().awaitUninterruptibly();
                    Thread.sleep(3000);
                } else if (node.rank() == 0) {
                    try {
                        node.await(never, 1, "texts");
                    } catch (RuntimeException e) {
                        node.giveUp(e, true);
                        throw e;
                    }
                }
                return 0;
            });
            circle.driver().assemble();
            assertThatThrownBy(() -> circle.driver().await(never, 0, "anything"))
                    .hasRootCauseInstanceOf(CulpritException.class)
                    .hasMessageContaining("Rank 1 failed: rank 0:")
                    .hasMessageContaining("The connection to rank 1 closed");
            assertThat(((CulpritException) circle.driver().cause().orElseThrow()).fault())
                    .isEqualTo(CulpritException.Fault.GONE);
            assertThatThrownBy(() -> running.get(0).get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
        }
    }

    /** The end of a connection is kept from the node, so that the failed block is all that it hears of it. */
    @Test
    void aBlockThatFailsBeforeItsConnectionIsSeenToEndSaysThatTheConnectionClosed() throws Exception {
        Frame frame = new Frame(Frame.Kind.TEXT, 0, 0, 1);
        try (Circle circle = new Circle(2)) {
            CountDownLatch granted = new CountDownLatch(1);
            CountDownLatch told = new CountDownLatch(1);
            List<Future<Integer>> running = circle.start(node -> {
                if (node.rank() == 1) {
                    assertThat(node.receive(frame, 0, ByteBuffer.allocate(8))).isNotDone();
                    granted.countDown();
                    assertThat(told.await(30, TimeUnit.SECONDS)).isTrue();
                    return 0;
                }
                assertThat(granted.await(30, TimeUnit.SECONDS)).isTrue();
                Channel toNext = node.routeTo(1).getChannel();
                toNext.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
                    @Override
                    public void channelInactive(ChannelHandlerContext ended) {}
                });
                toNext.close().awaitUninterruptibly();
                try {
                    node.await(node.send(frame, 1, ByteBuffer.allocate(8)), 1, "text");
                    return 0;
                } catch (RuntimeException e) {
                    node.giveUp(e, true);
                    throw e;
                } finally {
                    told.countDown();
                }
            });
            assertThatThrownBy(() -> running.get(0).get(30, TimeUnit.SECONDS))
                    .cause()
                    .hasMessage("Lost text of rank 1: The connection to rank 1 closed");
            assertThat(circle.driver().cause().orElseThrow())
                    .hasMessage("Rank 1 failed: rank 0: Lost text of rank 1: The connection to rank 1 closed");
        }
    }

    @Test
    void everyWayInWhichAConnectionEndsHasTheSameWordsAndOtherFaultsKeepTheirs() {
        String closed = "The connection to rank 3 closed";
        for (Exception end : List.of(
                new ClosedChannelException(),
                new IOException("Connection from /10.0.0.1:4040 closed"),
                new IOException("Connection reset by peer"),
                new SocketException("Connection reset"),
                new IOException("Failed to send RPC 7", new IOException("Broken pipe")))) {
            assertThat(RingException.broken(3, "Cannot send text", end)).hasMessage(closed);
            assertThat(RingException.lost(3, "text", end)).hasMessage("Lost text of rank 3: " + closed);
        }
        for (Exception other :
                List.of(new IOException("12 bytes short"), new IllegalStateException("Connection reset"))) {
            assertThat(RingException.broken(3, "Cannot send text", other))
                    .hasMessage("Cannot send text: " + other.getMessage());
            assertThat(RingException.lost(3, "text", other)).hasMessage("Lost text of rank 3: " + other.getMessage());
        }
    }

    @Test
    void aBlockOfTheDriverThatIsCutOffNamesItsReceiver() throws Exception {
        CompletableFuture<Void> never = new CompletableFuture<>();
        try (Circle circle = new Circle(2)) {
            List<Future<Integer>> running = circle.start(node -> {
                node.await(never, Node.DRIVER, "parameters");
                return 0;
            });
            circle.driver().assemble();
            circle.driver()
                    .broken(1, RingException.gone(1, "Cannot send parameters to rank 1: Connection reset", null));

            assertThat(circle.driver().cause().orElseThrow())
                    .isInstanceOf(CulpritException.class)
                    .hasMessage("Rank 1 failed: Cannot send parameters to rank 1: Connection reset");
            for (Future<Integer> each : running) {
                assertThatThrownBy(() -> each.get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
            }
        }
    }

    @Test
    void aRankThatSparkEndsIsNotBlamed() throws Exception {
        CompletableFuture<Void> never = new CompletableFuture<>();
        try (Circle circle = new Circle(2)) {
            List<Future<Integer>> running = circle.start(node -> {
                if (node.rank() == 1) {
                    Thread.currentThread().interrupt();
                    try {
                        node.await(never, 0, "texts");
                    } catch (RuntimeException e) {
                        Thread.interrupted();
                        node.giveUp(e, true);
                        throw e;
                    }
                }
                return 0;
            });
            circle.driver().assemble();
            assertThatThrownBy(() -> circle.driver().await(never, 0, "anything"))
                    .hasMessageContaining("rank 1: Interrupted while waiting for texts of rank 0");
            assertThat(circle.driver().cause()).isEmpty();
            assertThatThrownBy(() -> running.get(1).get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
        }
    }

    @Test
    void aWaitWithoutAnAnswerEndsAtItsDeadlineAndNamesThePeer() throws Exception {
        RingSettings hasty = Circle.settings(
                Duration.ofSeconds(10), Duration.ofMillis(600), Duration.ofMillis(100), Duration.ofSeconds(10));
        try (Circle circle = new Circle(2, hasty)) {
            List<Future<Integer>> running = circle.start(node -> {
                if (node.rank() == 0) {
                    node.await(new CompletableFuture<Void>(), 1, "an answer");
                }
                Thread.sleep(1500);
                return 0;
            });
            assertThatThrownBy(() -> running.get(0).get(20, TimeUnit.SECONDS))
                    .hasMessageContaining("Waited 0 s (ring.wait-timeout) in vain for an answer of rank 1");
        }
    }

    @Test
    void whereTheDriverWaitsTooLongTheRankIsNamedThatTheOthersWaitFor() throws Exception {
        RingSettings hasty = Circle.settings(
                Duration.ofSeconds(20), Duration.ofSeconds(3), Duration.ofMillis(100), Duration.ofSeconds(20));
        CompletableFuture<Void> never = new CompletableFuture<>();
        try (Circle circle = new Circle(3, hasty)) {
            List<Future<Integer>> running = circle.start(node -> {
                try {
                    Thread.sleep(1000); // the driver has begun to wait
                    if (node.rank() < 2) {
                        node.await(never, node.rank() + 1, "texts");
                    }
                    Thread.sleep(10_000); // computes for too long
                    return 0;
                } catch (RuntimeException e) {
                    node.giveUp(e, true);
                    throw e;
                }
            });
            circle.driver().assemble();
            assertThatThrownBy(() -> circle.driver().await(never, 0, "the sum"));
            assertThat(circle.driver().cause().orElseThrow()).hasMessageContaining("Rank 2 failed");
            for (int rank = 0; rank < 2; rank++) {
                Future<Integer> waiting = running.get(rank);
                assertThatThrownBy(() -> waiting.get(10, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
            }
        }
    }

    @Test
    void aRankThatLeavesMindsNoOtherThatIsGoneBeforeTheDriverHasSpoken() throws Exception {
        try (Circle circle = new Circle(2)) {
            List<Future<Integer>> running = circle.start(node -> {
                if (node.rank() == 0) {
                    Thread.sleep(300); // the other is leaving
                    node.close();
                }
                return 0;
            });
            assertThatThrownBy(() -> running.get(1).get(20, TimeUnit.SECONDS))
                    .as("the driver's word, not the closed connection")
                    .hasMessageContaining("Rank 0 failed");
        }
    }

    @Test
    void allRanksHearWhatTheDriverMadeOfTheirNumerics() throws Exception {
        try (Circle circle = new Circle(3)) {
            assertThat(circle.run(RankNode::agreed))
                    .containsOnly("all with test")
                    .hasSize(3);
            assertThat(circle.driver().assemble()).isEqualTo("all with test");
        }
    }

    @Test
    void ranksThatComputeDifferentlyAreRefused() {
        try (Circle circle = new Circle(2)) {
            Thread first = new Thread(() -> {
                try (RankNode node = circle.join(0, "oneDNN, AVX-512")) {
                    node.leave();
                } catch (RuntimeException expected) {
                    Thread.currentThread().interrupt();
                }
            });
            first.start();
            try {
                Thread.sleep(300);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            assertThatThrownBy(() -> circle.join(1, "OpenBLAS, AVX2").close())
                    .hasMessageContaining("these differ: [oneDNN, AVX-512, OpenBLAS, AVX2]");
            assertThatThrownBy(() -> circle.driver().assemble()).hasRootCauseInstanceOf(NumericsException.class);
        }
    }

    @Test
    void ranksThatDoNotBeginAreWaitedForAsLongAsForSlotsOnceTheirStageIsSubmitted() {
        CompletableFuture<Void> never = new CompletableFuture<>();
        RingSettings hasty = Circle.settings(
                Duration.ofSeconds(1), Duration.ofSeconds(20), Duration.ofMillis(200), Duration.ofSeconds(10));
        try (Circle circle = new Circle(2, hasty)) {
            assertThatThrownBy(() -> circle.driver().awaitTasks(never))
                    .hasMessage(
                            "no rank began in 1 s (ring.slots-timeout): all of them need a free slot at the same time");
        }
    }

    @Test
    void aRankThatCannotComputeAsTheOthersDoIsUnfitAndAnotherAttemptMayDoBetter() {
        try (Circle circle = new Circle(2)) {
            List<Future<Object>> running = circle.start(node -> {
                if (node.rank() == 1) {
                    node.giveUp(new NumericsException("Cannot compute as the run began: no bf16"), true);
                }
                return node.await(new CompletableFuture<>(), 0, "nothing");
            });

            assertThatThrownBy(() -> running.get(0).get(20, TimeUnit.SECONDS)).hasMessageContaining("no bf16");
            assertThat(circle.driver().cause().orElseThrow())
                    .isInstanceOfSatisfying(CulpritException.class, culprit -> {
                        assertThat(culprit.fault()).isEqualTo(CulpritException.Fault.UNFIT);
                        assertThat(culprit.rank()).isEqualTo(1);
                        assertThat(culprit.mendable()).isTrue();
                    });
        }
    }

    @Test
    void anOfferThatCannotBeReadEndsTheAttemptForAllRanksAtOnce() throws Exception {
        try (Circle circle = new Circle(3)) {
            ExecutorService threads = Executors.newFixedThreadPool(3);
            try {
                List<Future<RankNode>> joining = new ArrayList<>();
                for (String offer : List.of("test", "", "test")) {
                    int rank = joining.size();
                    joining.add(threads.submit(() -> circle.join(rank, offer)));
                }
                for (Future<RankNode> rank : joining) { // far less than ring.hello-timeout
                    assertThatThrownBy(() -> rank.get(5, TimeUnit.SECONDS))
                            .hasMessageContaining("Cannot agree on what to compute with: a rank offers nothing");
                }
                assertThat(circle.driver().cause().orElseThrow()).isInstanceOf(NumericsException.class);
            } finally {
                threads.shutdownNow();
            }
        }
    }
}
