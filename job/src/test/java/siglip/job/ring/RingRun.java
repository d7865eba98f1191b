package siglip.job.ring;

import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import siglip.job.order.Slices;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.SparseRows;

/**
 * Steps that use everything a ring does: texts and their gradients go round, pieces of a gradient go to the driver, parameters come
 * back. Each step's numbers come from the step before, so that one wrong bit anywhere changes the end.
 */
final class RingRun {
    private static final int WIDTH = 4;
    private static final int DENSE = 37;
    private static final int TABLE_ROWS = 12;

    private final int ranks;
    private final Slices rows;
    private final PieceLayout layout;

    RingRun(int ranks) {
        this.ranks = ranks;
        rows = new Slices(3L * ranks + 1, ranks);
        layout = PieceLayout.of(DENSE, TABLE_ROWS, 2, ranks);
    }

    /**
     * What a run leaves.
     *
     * @param steps how many there were
     * @param parameters of the driver, at the end
     */
    record Result(long steps, float[] parameters) {}

    /**
     * Runs steps until {@code last} holds of one.
     *
     * @throws AssertionError if the ranks do not end with the driver's parameters
     */
    Result run(Circle circle, LongPredicate last) throws Exception {
        List<Future<float[]>> running = circle.start(this::rank);
        circle.driver().assemble();
        Result result = drive(circle.driver(), last);
        circle.driver().awaitLeave();
        for (Future<float[]> each : running) {
            float[] there = each.get(60, TimeUnit.SECONDS);
            if (!Arrays.equals(there, result.parameters)) {
                throw new AssertionError("a rank has other parameters than the driver");
            }
        }
        return result;
    }

    private float[] rank(RankNode node) {
        RankReduction reduction = new RankReduction(node, layout);
        Matrix dense = Matrix.allocate(1, DENSE);
        Matrix table = Matrix.allocate(TABLE_ROWS, 2);
        TextBlock own = new TextBlock(rows.largest(), WIDTH).shape(rows.size(node.rank()));
        List<TextBlock> places = List.of(new TextBlock(rows.largest(), WIDTH), new TextBlock(rows.largest(), WIDTH));
        List<Matrix> shares = matrices();
        List<Matrix> arriving = matrices();
        for (long step = 0; true; step++) {
            RankReduction.Offers offers = reduction.offer(0, step);
            SplittableRandom random = new SplittableRandom(step * ranks + node.rank());
            Matrix x = own.embeddings();
            int[] conceptIds = new int[own.rows()];
            for (int i = 0; i < own.rows(); i++) {
                conceptIds[i] = random.nextInt();
                for (int k = 0; k < WIDTH; k++) {
                    x.set(i, k, (float) random.nextDouble() + dense.get(0, (i * WIDTH + k) % DENSE));
                }
            }
            own.writeConceptIds(conceptIds);
            Matrix gradient = Matrix.allocate(1, DENSE);
            TextRing texts = new TextRing(node, rows, 0, step, own, places);
            GradientRing ring = new GradientRing(node, rows, 0, step, shares, arriving);
            for (int phase = 1; phase < ranks; phase++) {
                TextBlock block = texts.await(phase);
                Matrix share = ring.share(phase);
                add(block.embeddings(), share, 0.5f);
                add(block.embeddings(), gradient, block.conceptIds()[0] % 7);
                ring.pass(phase, share);
                texts.used(phase);
            }
            Matrix home = Matrix.allocate(own.rows(), WIDTH);
            ring.home(home);
            texts.finish();
            add(home, gradient, 0.25f);
            int[] ids = {(int) (step % TABLE_ROWS)};
            Matrix touched = Matrix.allocate(1, 2);
            touched.set(0, 0, gradient.get(0, 0));
            touched.set(0, 1, (float) random.nextDouble());
            reduction.reduce(
                    offers, List.of(gradient), List.of(new SparseRows(ids, touched)), new double[] {node.rank()});
            DoubleBuffer scalars = reduction.update(offers, dense, table);
            node.report(0, step, new double[] {step, node.rank()});
            if (scalars.get(1) == 1) {
                return concat(dense.toArray(), table.toArray());
            }
        }
    }

    private List<Matrix> matrices() {
        return List.of(Matrix.allocate(rows.largest(), WIDTH), Matrix.allocate(rows.largest(), WIDTH));
    }

    /** Every value of one matrix times a factor, round and round over the other. */
    private static void add(Matrix from, Matrix to, float factor) {
        int size = to.rows() * to.columns();
        for (int i = 0; i < from.rows() * from.columns(); i++) {
            int at = i % size;
            float more = factor * from.get(i / from.columns(), i % from.columns());
            to.set(at / to.columns(), at % to.columns(), to.get(at / to.columns(), at % to.columns()) + more);
        }
    }

    private Result drive(DriverNode node, LongPredicate last) {
        DriverReduction reduction = new DriverReduction(node, layout, 0);
        float[] dense = new float[DENSE];
        float[] table = new float[2 * TABLE_ROWS];
        for (long step = 0; true; step++) {
            Piece[] sums = reduction.await(reduction.offer(step));
            boolean stop = last.test(step);
            Piece[] answer = reduction.parameters();
            for (int rank = 0; rank < ranks; rank++) {
                move(sums[rank], rank, dense, table);
                answer[rank].scalars().put(1, stop ? 1 : 0);
                answer[rank]
                        .dense()
                        .put(dense, layout.dense().start(rank), layout.dense().size(rank));
                int first = layout.table().start(rank);
                answer[rank].rows(layout.table().size(rank));
                for (int i = 0; i < answer[rank].rows(); i++) {
                    answer[rank].ids().put(i, first + i);
                }
                answer[rank].values().put(table, 2 * first, 2 * answer[rank].rows());
            }
            for (int rank = 0; rank < ranks; rank++) {
                reduction.send(rank, step);
            }
            List<DriverNode.Report> reports = new ArrayList<>();
            node.nextReport().ifPresent(reports::add);
            if (stop) {
                return new Result(step + 1, concat(dense, table));
            }
        }
    }

    private void move(Piece sum, int rank, float[] dense, float[] table) {
        for (int i = 0; i < layout.dense().size(rank); i++) {
            int at = layout.dense().start(rank) + i;
            dense[at] = 0.5f * dense[at] + 0.01f * sum.dense().get(i);
        }
        for (int i = 0; i < sum.rows(); i++) {
            int at = 2 * sum.ids().get(i);
            table[at] = 0.5f * table[at] + sum.values().get(2 * i);
            table[at + 1] += sum.values().get(2 * i + 1);
        }
    }

    private static float[] concat(float[] a, float[] b) {
        float[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
