package siglip.job.ring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A rank's place in an attempt: connected to the driver and to every other rank. */
public class RankNode extends Node {
    private static final Logger LOG = LoggerFactory.getLogger(RankNode.class);
    private static final long LAST_WORD_SECONDS = 5;
    private static final String LOOPBACK = "127.0.0.1";

    private final int rank;
    private final int ranks;
    private final Rendezvous meeting;
    private final BooleanSupplier cancelled;
    private volatile Progress progress = Progress.computing(-1);
    private final Set<Integer> greeted = ConcurrentHashMap.newKeySet();
    private volatile boolean leaving;
    private String agreed = "";

    RankNode(Site site, Rendezvous meeting, int rank, BooleanSupplier cancelled) {
        super("rank-" + rank, site, meeting.attempt(), meeting.settings(), cancelled);
        this.meeting = meeting;
        this.cancelled = cancelled;
        this.rank = rank;
        this.ranks = meeting.ranks();
    }

    /**
     * Says hello to the driver, waits until all ranks have, and connects to each of them. Blocks may be sent once all are {@link #ready}.
     *
     * @param numerics what this rank would compute with; what the driver makes of that of all ranks is {@link #agreed}
     * @param cancelled whether Spark wants the task to end; asked in every wait
     * @throws RingException if not all ranks come together in time, or the driver refuses this one
     */
    public static RankNode join(Site site, Rendezvous meeting, int rank, String numerics, BooleanSupplier cancelled) {
        return join(new RankNode(site, meeting, rank, cancelled), numerics);
    }

    static RankNode join(RankNode node, String numerics) {
        node.listen();
        try {
            node.connect(numerics);
            return node;
        } catch (RuntimeException e) {
            node.giveUp(e, true); // or the driver would know no more than that a connection closed
            node.close();
            throw e;
        }
    }

    /**
     * Tells the driver that this rank cannot take part in the attempt, nor in another one, and why. Nobody answers, so this
     * listens on loopback only.
     */
    public static void decline(Site site, Rendezvous meeting, int rank, Throwable cause) {
        Site unreachable = new Site(site.conf(), site.security(), LOOPBACK, LOOPBACK);
        try (RankNode node = new RankNode(unreachable, meeting, rank, () -> false)) {
            node.listen();
            node.route(DRIVER, node.open(DRIVER, meeting.driver()));
            node.giveUp(cause, false);
        }
    }

    private void connect(String numerics) {
        TransportClient toDriver = open(DRIVER, meeting.driver());
        route(DRIVER, toDriver);
        String self = endpoint.address() + "\n" + numerics;
        CompletableFuture<ByteBuffer> all =
                Endpoint.rpc(toDriver, Wire.numbered(Wire.Code.HELLO, attempt(), rank, self));
        everyBeat(meeting.settings().heartbeat(), () -> toDriver.send(Wire.heartbeat(attempt(), progress)));
        ByteBuffer table = await(
                all, DRIVER, "the addresses of all ranks", meeting.settings().helloTimeout());
        Welcome welcome = Welcome.read(table, ranks);
        agreed = welcome.agreed();
        for (int peer = 0; peer < ranks; peer++) {
            if (peer != rank) {
                TransportClient client = open(peer, welcome.addresses().get(peer));
                route(peer, client);
                await(
                        Endpoint.rpc(client, Wire.numbered(Wire.Code.PEER, attempt(), rank, "")),
                        peer,
                        "the answer to a greeting");
            }
        }
    }

    /**
     * Says that this rank is connected to all others and has what it works on at hand, and waits until all say so, however long one takes to read its
     * data. Only then may the first block leave: its receiver must know the sender.
     */
    public void ready() {
        await(
                Endpoint.rpc(routeTo(DRIVER), Wire.numbered(Wire.Code.PEER, attempt(), rank, "")),
                DRIVER,
                "all ranks to have read their data",
                NO_LIMIT);
    }

    private TransportClient open(int peer, Address address) {
        try {
            return endpoint.connect(address);
        } catch (IOException e) {
            throw RingException.gone(
                    peer,
                    "Rank %d cannot connect to %s at %s: %s".formatted(rank, nameOf(peer), address, e.getMessage()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw RingException.killed("Interrupted while connecting to " + nameOf(peer), e);
        }
    }

    /** What all ranks compute with, by the driver's decision. */
    public String agreed() {
        return agreed;
    }

    public int rank() {
        return rank;
    }

    public int ranks() {
        return ranks;
    }

    /** The rank that blocks are passed to. */
    public int next() {
        return (rank + 1) % ranks;
    }

    /** The rank that blocks come from. */
    public int previous() {
        return (rank - 1 + ranks) % ranks;
    }

    /** Notes the step for the heartbeat. */
    public void atStep(long step) {
        progress = Progress.computing(step);
    }

    /** Tells the driver, without waiting, what a step took. */
    public void report(int arm, long step, double[] values) {
        routeTo(DRIVER).send(Wire.report(attempt(), arm, step, values));
    }

    /** Waits until all ranks have done all steps, so that no connection closes under a message. */
    public void leave() {
        leaving = true;
        await(
                Endpoint.rpc(routeTo(DRIVER), Wire.numbered(Wire.Code.BYE, attempt(), rank, "")),
                DRIVER,
                "all ranks to finish");
    }

    /**
     * Tells the driver why this rank gives up, and waits a moment for its answer: its connections must not close before, or
     * the neighbours' complaints of that would come first.
     *
     * @param mendable whether another attempt may succeed
     */
    public void giveUp(Throwable cause, boolean mendable) {
        boolean peers = cause instanceof RingException;
        int suspect = peers ? ((RingException) cause).suspect() : Progress.NOBODY;
        RingException.Blame blame = peers ? ((RingException) cause).blame() : blame(cause);
        String why = peers ? cause.getMessage() : cause.toString();
        TransportClient driver = routes().get(DRIVER);
        if (driver == null) {
            return; // never connected to it
        }
        try {
            Endpoint.rpc(driver, Wire.failed(attempt(), rank, mendable, blame, suspect, why))
                    .get(LAST_WORD_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException unheard) {
            LOG.debug("Rank {} could not tell the driver why it gives up: {}", rank, why, unheard);
        }
    }

    private RingException.Blame blame(Throwable own) {
        if (cancelled.getAsBoolean()) {
            return RingException.Blame.KILLED;
        }
        return own instanceof NumericsException ? RingException.Blame.UNFIT : RingException.Blame.LATE;
    }

    @Override
    void waiting(int peer, String what) {
        progress = new Progress(progress.step(), peer, what);
    }

    @Override
    void computing() {
        progress = Progress.computing(progress.step());
    }

    @Override
    void request(TransportClient from, Wire.Code code, ByteBuffer message, RpcResponseCallback reply) {
        int peer = message.getInt();
        if (code != Wire.Code.PEER || peer < 0 || peer >= ranks || peer == rank) {
            throw new IllegalArgumentException("Rank %d cannot answer %s of rank %d".formatted(rank, code, peer));
        }
        if (!greeted.add(peer)) {
            throw new IllegalArgumentException("Rank %d knows rank %d already".formatted(rank, peer));
        }
        greet(peer, from);
        reply.onSuccess(ByteBuffer.allocate(0));
    }

    @Override
    void notice(int peer, Wire.Code code, ByteBuffer message) {
        if (code == Wire.Code.ABORT && peer == DRIVER) {
            message.getInt();
            fail(new RingException(DRIVER, Wire.text(message)));
        }
    }

    @Override
    void broken(int peer, RingException why) {
        fail(why);
    }

    @Override
    void lost(int peer) {
        if (leaving && peer != DRIVER) {
            return; // it may have heard before us that all have left; if it has failed, the driver will say so
        }
        fail(RingException.closed(peer, null));
    }
}
