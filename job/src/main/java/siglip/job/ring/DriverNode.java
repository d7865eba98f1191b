package siglip.job.ring;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.config.RingSettings;
import siglip.job.ring.CulpritException.Fault;

/**
 * The driver's place in an attempt: brings the ranks together, takes their sums, watches their heartbeats, and ends the
 * attempt for all when one of them fails, naming the one that did.
 */
public final class DriverNode extends Node {
    private static final Logger LOG = LoggerFactory.getLogger(DriverNode.class);
    private static final Duration REMINDER = Duration.ofSeconds(30);

    private final int ranks;
    private final RingSettings settings;
    private long told = System.nanoTime();
    private final CompletableFuture<Void> firstHello = new CompletableFuture<>();
    private final CompletableFuture<Void> greeted = new CompletableFuture<>();
    private final CompletableFuture<Void> together = new CompletableFuture<>();
    private final CompletableFuture<Void> left = new CompletableFuture<>();
    private final RollCall hello;
    private final RollCall connected;
    private final RollCall bye;
    private final Queue<Report> reports = new ConcurrentLinkedQueue<>();
    private final Address[] addresses;
    private final String[] numerics;
    private final Function<List<String>, String> agree;
    private String agreed = "";
    private final Progress[] progress;
    private final Pulse pulse;

    private DriverNode(
            Site site,
            int ranks,
            long attempt,
            RingSettings settings,
            Function<List<String>, String> agree,
            BooleanSupplier cancelled) {
        super("driver", site, attempt, settings, cancelled);
        this.ranks = ranks;
        this.settings = settings;
        this.agree = agree;
        hello = new RollCall(ranks);
        connected = new RollCall(ranks);
        bye = new RollCall(ranks);
        addresses = new Address[ranks];
        numerics = new String[ranks];
        progress = new Progress[ranks];
        pulse = new Pulse(ranks, settings.heartbeat(), settings.silence(), System.nanoTime());
    }

    /**
     * Listens for {@code ranks} ranks of an attempt.
     *
     * @param agree makes of what the ranks would compute with, in their order, what all of them shall; what it throws ends the attempt for
     *     all, as a {@link NumericsException}
     */
    public static DriverNode open(
            Site site,
            int ranks,
            long attempt,
            RingSettings settings,
            Function<List<String>, String> agree,
            BooleanSupplier cancelled) {
        DriverNode node = new DriverNode(site, ranks, attempt, settings, agree, cancelled);
        node.listen();
        node.everyBeat(settings.heartbeat(), node::watch);
        return node;
    }

    /**
     * What a rank says a step took.
     *
     * @param values as the rank gave them to {@link RankNode#report}; shared, not copied
     */
    public record Report(int rank, int arm, long step, double[] values) {}

    Address address() {
        return endpoint.address();
    }

    /** Where ranks come to. */
    public Rendezvous rendezvous() {
        return new Rendezvous(address(), attempt(), ranks, settings);
    }

    /** Whether a rank has said hello. */
    public boolean isHeard() {
        return firstHello.isDone();
    }

    /**
     * Waits until the tasks of the ranks begin, whose stage has been submitted.
     *
     * @param begun done once the first of them has
     */
    public void awaitTasks(CompletableFuture<Void> begun) {
        await(
                CompletableFuture.anyOf(begun, firstHello),
                "the ranks to begin",
                settings.slotsTimeout(),
                () -> "no rank began in %d s (ring.slots-timeout): all of them need a free slot at the same time"
                        .formatted(settings.slotsTimeout().toSeconds()));
    }

    /**
     * Waits until all ranks are in and connected to each other, and then until each has its data, which may take long.
     *
     * @return what they compute with, the same on all
     */
    public String assemble() {
        await(
                greeted,
                "the ranks",
                settings.helloTimeout(),
                () -> "%d of %d ranks came together in %d s (ring.hello-timeout)"
                        .formatted(
                                routes().size(), ranks, settings.helloTimeout().toSeconds()));
        await(together, DRIVER, "the data of the ranks", NO_LIMIT);
        return agreed();
    }

    private void await(CompletableFuture<?> future, String what, Duration limit, Supplier<String> found) {
        try {
            await(future, DRIVER, what, limit);
        } catch (RingException e) {
            throw failure() != null || e.blame() == RingException.Blame.KILLED
                    ? e
                    : new RingException(Progress.NOBODY, RingException.Blame.LATE, found.get(), e);
        }
    }

    private synchronized String agreed() {
        return agreed;
    }

    @Override
    synchronized void request(TransportClient from, Wire.Code code, ByteBuffer message, RpcResponseCallback reply) {
        int rank = message.getInt();
        if (rank < 0 || rank >= ranks) {
            throw new IllegalArgumentException("Cannot take rank %d: the ring has %d".formatted(rank, ranks));
        }
        boolean first = code == Wire.Code.HELLO || (code == Wire.Code.FAILED && progress[rank] == null); // it declines
        if (first ? progress[rank] != null : !isOf(rank, from)) {
            throw new IllegalArgumentException("Cannot take %s of rank %d: %s"
                    .formatted(code, rank, first ? "it has greeted already" : "it greeted on another connection"));
        }
        switch (code) {
            case HELLO -> greetRank(rank, from, Wire.text(message), reply);
            case PEER -> {
                if (connected.answer(rank, reply)) {
                    together.complete(null);
                    connected.reply(ByteBuffer.allocate(0));
                }
            }
            case BYE -> {
                if (bye.answer(rank, reply)) {
                    left.complete(null);
                    bye.reply(ByteBuffer.allocate(0));
                }
            }
            case FAILED -> {
                boolean mendable = message.getInt() != 0;
                RingException.Blame blame = Wire.blame(message);
                gaveUp(rank, mendable, blame, message.getInt(), Wire.text(message));
                reply.onSuccess(ByteBuffer.allocate(0));
            }
            default -> throw new IllegalArgumentException("Cannot answer " + code);
        }
    }

    private void greetRank(int rank, TransportClient from, String self, RpcResponseCallback reply) {
        int end = Math.max(0, self.indexOf('\n'));
        addresses[rank] = Address.parse(self.substring(0, end));
        numerics[rank] = self.substring(end + 1);
        progress[rank] = Progress.computing(-1);
        pulse.hear(rank, System.nanoTime());
        boolean complete = hello.answer(rank, reply);
        route(rank, from);
        firstHello.complete(null);
        if (complete) {
            agreed = decide();
            greeted.complete(null);
            hello.reply(new Welcome(List.of(addresses), agreed).wire());
        }
    }

    private String decide() {
        try {
            return agree.apply(List.of(numerics));
        } catch (RuntimeException e) {
            NumericsException refusal = e instanceof NumericsException known
                    ? known
                    : new NumericsException("Cannot agree on what to compute with: " + e.getMessage(), e);
            end(refusal);
            throw refusal;
        }
    }

    private void gaveUp(int rank, boolean mendable, RingException.Blame blame, int suspect, String text) {
        String why = "rank " + rank + ": " + text;
        boolean another = suspect >= 0 && suspect < ranks && suspect != rank;
        if (blame == RingException.Blame.KILLED) {
            end(RingException.killed(why, null)); // Spark will say what for
        } else if (blame == RingException.Blame.UNFIT) {
            abort(rank, Fault.UNFIT, text);
        } else if (!another) {
            abort(rank, mendable ? Fault.GAVE_UP : Fault.BEYOND_REPAIR, text);
        } else if (blame == RingException.Blame.GONE) {
            abort(suspect, Fault.GONE, why);
        } else {
            abort(culprit(rank, suspect), Fault.UNRESPONSIVE, why);
        }
    }

    @Override
    void notice(int peer, Wire.Code code, ByteBuffer message) {
        if (code == Wire.Code.REPORT) {
            reports.add(new Report(peer, message.getInt(), message.getLong(), Wire.values(message)));
        } else if (code == Wire.Code.HEARTBEAT) {
            Progress now = Wire.progress(message);
            synchronized (this) {
                progress[peer] = now;
                pulse.hear(peer, System.nanoTime());
            }
        }
    }

    @Override
    void broken(int peer, RingException why) {
        abort(peer, Fault.GONE, why.getMessage());
    }

    @Override
    void lost(int peer) {
        if (left.isDone()) {
            return;
        }
        abort(peer, Fault.GONE, "its connection to the driver closed");
    }

    /** Says now and then which ranks still read, if it takes long: nothing else limits that but their heartbeats. */
    private synchronized void tellWhoReads() {
        long now = System.nanoTime();
        if (greeted.isDone() && !together.isDone() && now - told > REMINDER.toNanos()) {
            told = now;
            LOG.info("Waiting for ranks {} to read their data", connected.absent());
        }
    }

    /** Looks for a rank that has gone silent, and lets the ranks know that the driver is there. */
    private void watch() {
        tellWhoReads();
        for (TransportClient client : routes().values()) {
            client.send(Wire.heartbeat(attempt(), Progress.computing(-1)));
        }
        Optional<Integer> silent = silentRank();
        silent.ifPresent(rank -> abort(
                rank,
                Fault.UNRESPONSIVE,
                "no heartbeat for %d s (ring.silence)"
                        .formatted(settings.silence().toSeconds())));
    }

    private synchronized Optional<Integer> silentRank() {
        return pulse.look(System.nanoTime());
    }

    private synchronized int culprit(int late) {
        return progress[late] == null ? late : culprit(late, progress[late].waitingOn());
    }

    /** The rank at the end of the waiting chain that begins with {@code messenger}: the one that waits for nobody else. */
    private synchronized int culprit(int messenger, int waitedOn) {
        List<Integer> seen = new ArrayList<>(List.of(messenger));
        int at = waitedOn;
        while (at >= 0 && at < ranks && !seen.contains(at)) {
            seen.add(at);
            at = progress[at] == null ? Progress.NOBODY : progress[at].waitingOn();
        }
        return seen.get(seen.size() - 1);
    }

    /** Ends the attempt here and on all ranks. */
    private void abort(int culprit, Fault fault, String why) {
        end(new CulpritException(culprit, fault, why));
    }

    private void end(RuntimeException cause) {
        if (closing() || failure() != null) {
            return;
        }
        fail(cause);
        greeted.completeExceptionally(cause);
        together.completeExceptionally(cause);
        sendAbort(cause.getMessage());
    }

    /** The reports that have come, oldest first; each is taken once. */
    public Optional<Report> nextReport() {
        return Optional.ofNullable(reports.poll());
    }

    /** Waits until all ranks have left; their last reports have come by then. */
    public void awaitLeave() {
        await(left, DRIVER, "all ranks to finish");
    }

    /** Tells all ranks that the attempt is over, so that none waits for its deadline. */
    public void sendAbort(String why) {
        for (TransportClient client : routes().values()) {
            client.send(Wire.numbered(Wire.Code.ABORT, attempt(), DRIVER, why));
        }
    }

    /** Why the attempt failed, when a rank can be named for it or must be refused. */
    public Optional<RuntimeException> cause() {
        return failure() instanceof CulpritException || failure() instanceof NumericsException
                ? Optional.of((RuntimeException) failure())
                : Optional.empty();
    }

    /** The ranks that have not said hello. */
    public synchronized List<Integer> missing() {
        return IntStream.range(0, ranks)
                .filter(rank -> addresses[rank] == null)
                .boxed()
                .toList();
    }

    /** Where the ranks are, for a log line: step and what each waits for. */
    public synchronized String where() {
        return IntStream.range(0, ranks)
                .filter(rank -> progress[rank] != null)
                .mapToObj(rank -> "rank %d at step %d%s"
                        .formatted(
                                rank,
                                progress[rank].step(),
                                progress[rank].waitingFor().isEmpty()
                                        ? ""
                                        : " waits for " + progress[rank].waitingFor() + " of "
                                                + nameOf(progress[rank].waitingOn())))
                .collect(Collectors.joining(", "));
    }

    /** The driver waits from the end of one step to that of the next, so it is the first to find a rank late. */
    @Override
    void late(int peer, RingException why) {
        if (peer >= 0) {
            abort(culprit(peer), Fault.UNRESPONSIVE, why.getMessage());
        }
    }
}
