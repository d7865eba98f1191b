package siglip.job.ring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.StreamCallbackWithID;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.config.RingSettings;

/**
 * One participant of an attempt: a rank, or the driver. Sends and receives named blocks, knows each connection's peer only
 * after a greeting of this attempt, and bounds every wait for a message by a deadline that names the peer; only to read its data a rank
 * has as long as its heart beats.
 *
 * <p>Callbacks of the network copy bytes and hand over; they never compute and never wait. A block that arrives completes a
 * future on the network's thread, where a block may be passed on at once.
 */
public abstract class Node implements AutoCloseable {
    /** The driver's number among the peers; ranks count from 0. */
    public static final int DRIVER = -1;

    private static final Logger LOG = LoggerFactory.getLogger(Node.class);
    private static final long POLL_MILLIS = 200;

    /** Of waits for work that has no length of its own: they end when what is waited for fails, is gone, or goes silent. */
    static final Duration NO_LIMIT = Duration.ofDays(10_000);

    private final String name;
    private final long attempt;
    private final BooleanSupplier cancelled;
    private final Site site;
    private final RingSettings settings;
    private final Mailbox mailbox = new Mailbox();
    private final Map<TransportClient, Integer> peers = new ConcurrentHashMap<>();
    private final Map<Integer, TransportClient> routes = new ConcurrentHashMap<>();
    private final Strangers strangers;
    private final AtomicLong ringBytes = new AtomicLong();
    private final AtomicLong reduceBytes = new AtomicLong();
    private volatile Thread heart;
    private final AtomicBoolean closing = new AtomicBoolean();
    volatile Endpoint endpoint;

    Node(String name, Site site, long attempt, RingSettings settings, BooleanSupplier cancelled) {
        this.name = name;
        this.attempt = attempt;
        this.cancelled = cancelled;
        this.site = site;
        this.settings = settings;
        this.strangers = new Strangers(settings.silence());
    }

    /** Opens the node to others, once it is whole: from now on requests and notices may come. */
    final void listen() {
        endpoint = new Endpoint(site, settings, new Handler());
    }

    final long attempt() {
        return attempt;
    }

    /** Runs {@code beat} again and again, on a thread of its own, until the node is closed. */
    final void everyBeat(Duration pause, Runnable beat) {
        heart = new Thread(
                () -> {
                    try {
                        while (!closing.get()) {
                            beat.run();
                            strangers.dismiss(peers::containsKey);
                            Thread.sleep(pause.toMillis());
                        }
                    } catch (InterruptedException closed) {
                        Thread.currentThread().interrupt();
                    }
                },
                "ring-heartbeat-" + name);
        heart.setDaemon(true);
        heart.start();
    }

    /** Makes a connection known as the way to {@code peer}; blocks on it are taken as from that peer. */
    final void route(int peer, TransportClient client) {
        greet(peer, client);
        routes.put(peer, client);
    }

    /** Makes a connection known as coming from {@code peer}. */
    final void greet(int peer, TransportClient client) {
        peers.put(client, peer);
        strangers.remove(client);
    }

    /** Whether a connection is known as that of {@code peer}. */
    final boolean isOf(int peer, TransportClient client) {
        return Integer.valueOf(peer).equals(peers.get(client));
    }

    final Map<Integer, TransportClient> routes() {
        return routes;
    }

    final TransportClient routeTo(int peer) {
        TransportClient client = routes.get(peer);
        if (client == null) {
            throw new IllegalStateException("Cannot reach " + nameOf(peer) + ": no connection");
        }
        return client;
    }

    /** Offers {@code into}, from its position to its limit, for a frame from {@code peer}. Filled, it comes back flipped. */
    public final CompletableFuture<ByteBuffer> receive(Frame frame, int peer, ByteBuffer into) {
        CompletableFuture<ByteBuffer> filled = mailbox.post(frame, peer, into);
        depart(0, () -> routeTo(peer).send(Wire.grant(attempt, frame)));
        return filled;
    }

    /**
     * Sends a block as soon as the peer has room. Returns at once; the memory may be written again when the future is done.
     */
    public final CompletableFuture<Void> send(Frame frame, int peer, ByteBuffer data) {
        Mailbox.Outgoing block = new Mailbox.Outgoing(data, new CompletableFuture<>());
        (frame.kind().ring() ? ringBytes : reduceBytes).addAndGet(data.remaining());
        if (mailbox.send(frame, peer, block)) {
            push(frame, peer, block);
        }
        return block.arrived();
    }

    private void push(Frame frame, int peer, Mailbox.Outgoing block) {
        ByteBuffer header = Wire.block(attempt, frame, block.data().remaining());
        depart(
                block.data().remaining(),
                () -> Endpoint.push(routeTo(peer), header, block.data(), cause -> {
                    if (cause == null) {
                        block.arrived().complete(null);
                    } else {
                        RingException failure = RingException.broken(
                                peer, "Cannot send %s to %s".formatted(frame, nameOf(peer)), cause);
                        broken(peer, failure); // first: who waits for the block asks at once who is to blame
                        block.arrived().completeExceptionally(failure);
                    }
                }));
    }

    /** Lets a block of so many bytes, or a grant, leave: at once. A slow network can be put in between here. */
    void depart(int bytes, Runnable message) {
        message.run();
    }

    /**
     * Waits for a block of {@code peer}, at most for the wait timeout.
     *
     * @throws RingException when the attempt has failed, is cancelled, or the deadline has passed; names the peer
     */
    public final <T> T await(CompletableFuture<T> future, int peer, String what) {
        return await(future, peer, what, settings.waitTimeout());
    }

    final <T> T await(CompletableFuture<T> future, int peer, String what, Duration limit) {
        if (future.isDone() && !future.isCompletedExceptionally()) {
            return future.join();
        }
        long deadline = System.nanoTime() + limit.toNanos();
        waiting(peer, what);
        try {
            while (true) {
                try {
                    return future.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                } catch (TimeoutException stillWaiting) {
                    check(peer, what, deadline, limit);
                } catch (ExecutionException e) {
                    throw RingException.lost(peer, what, e.getCause());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw RingException.killed(
                            "Interrupted while waiting for %s of %s".formatted(what, nameOf(peer)), e);
                }
            }
        } finally {
            computing();
        }
    }

    private void check(int peer, String what, long deadline, Duration limit) {
        Throwable failure = mailbox.failure();
        if (failure != null) {
            throw RingException.lost(peer, what, failure);
        }
        if (cancelled.getAsBoolean()) {
            throw RingException.killed("Killed while waiting for %s of %s".formatted(what, nameOf(peer)), null);
        }
        if (System.nanoTime() - deadline > 0) {
            RingException late = new RingException(
                    peer,
                    "Waited %d s (ring.wait-timeout) in vain for %s of %s"
                            .formatted(limit.toSeconds(), what, nameOf(peer)));
            late(peer, late);
            throw late;
        }
    }

    /** Called when a wait begins and when it ends, for the heartbeat. */
    void waiting(int peer, String what) {}

    void computing() {}

    /** A wait for {@code peer} has passed its deadline; its failure goes to who waits. */
    void late(int peer, RingException why) {}

    /** An RPC of this attempt from an authenticated connection. */
    abstract void request(TransportClient from, Wire.Code code, ByteBuffer message, RpcResponseCallback reply);

    /** A one-way message of a known peer. */
    abstract void notice(int peer, Wire.Code code, ByteBuffer message);

    /** The connection to or from a known peer is gone while the node is open. */
    abstract void lost(int peer);

    /** A block to or from a peer was cut off on its way. */
    abstract void broken(int peer, RingException why);

    /** Ends all waits of this node with a cause. The first cause stays. */
    final void fail(Throwable cause) {
        if (!closing.get()) {
            mailbox.fail(cause);
        }
    }

    final Throwable failure() {
        return mailbox.failure();
    }

    /** Bytes of blocks sent for the loss since the last call. */
    public final long takeRingBytes() {
        return ringBytes.getAndSet(0);
    }

    /** Bytes of blocks sent for the reduction of gradients since the last call. */
    public final long takeReduceBytes() {
        return reduceBytes.getAndSet(0);
    }

    static String nameOf(int peer) {
        return peer == DRIVER ? "the driver" : "rank " + peer;
    }

    final boolean closing() {
        return closing.get();
    }

    /** Closes all connections and threads; blocks that still wait fail. May be called again. */
    @Override
    public void close() {
        if (closing.getAndSet(true)) {
            return;
        }
        Thread beating = heart;
        if (beating != null) {
            beating.interrupt();
        }
        mailbox.fail(new RingException(Progress.NOBODY, "The attempt is over"));
        if (endpoint != null) {
            endpoint.close();
        }
    }

    /** What arrives, on the network's threads. */
    private final class Handler extends RpcHandler {
        private final StreamManager nothing = new NoPull();

        @Override
        public void receive(TransportClient from, ByteBuffer message, RpcResponseCallback reply) {
            try {
                requireAuthentication(from);
                Wire.Code code = Wire.code(message, attempt);
                switch (code) {
                    case HELLO, PEER, BYE, FAILED -> request(from, code, message, reply);
                    default -> throw new IllegalArgumentException("Cannot answer " + code);
                }
            } catch (RuntimeException e) {
                reply.onFailure(e);
            }
        }

        /** One way: what cannot be taken is dropped, and only noted, since anybody can send it at any rate. */
        @Override
        public void receive(TransportClient from, ByteBuffer message) {
            try {
                requireAuthentication(from);
                Wire.Code code = Wire.code(message, attempt);
                int peer = known(peers.get(from));
                switch (code) {
                    case GRANT -> granted(peer, Frame.read(message));
                    case HEARTBEAT, REPORT, ABORT -> notice(peer, code, message);
                    default -> throw new IllegalArgumentException("Cannot take " + code + " without an answer");
                }
            } catch (RuntimeException e) {
                LOG.debug("{} drops a message of {}", Node.this.name, from, e);
            }
        }

        private void granted(int peer, Frame frame) {
            Mailbox.Outgoing block = mailbox.grant(frame, peer);
            if (block != null) {
                push(frame, peer, block);
            }
        }

        @Override
        public StreamCallbackWithID receiveStream(TransportClient from, ByteBuffer header, RpcResponseCallback reply) {
            requireAuthentication(from);
            Wire.Code code = Wire.code(header, attempt);
            if (code != Wire.Code.BLOCK) {
                throw new IllegalArgumentException("Cannot take " + code + " as a block");
            }
            int peer = known(peers.get(from));
            Frame frame = Frame.read(header);
            int bytes = header.getInt();
            Mailbox.Posted place = mailbox.claim(frame, peer, bytes);
            ByteBuffer into = place.buffer();
            into.limit(into.position() + bytes);
            int start = into.position();
            return new StreamCallbackWithID() {
                @Override
                public String getID() {
                    return frame + " from " + nameOf(peer);
                }

                @Override
                public void onData(String name, ByteBuffer part) {
                    into.put(part);
                }

                @Override
                public void onComplete(String name) throws IOException { // the acknowledgement leaves after this
                    if (into.hasRemaining()) {
                        throw new IOException("Cannot use a block that is %d bytes short: %s from %s"
                                .formatted(into.remaining(), frame, nameOf(peer)));
                    }
                    place.filled().complete(into.position(start));
                }

                @Override
                public void onFailure(String name, Throwable cause) {
                    RingException failure = RingException.broken(
                            peer, "Cannot receive %s from %s".formatted(frame, nameOf(peer)), cause);
                    broken(peer, failure);
                    place.filled().completeExceptionally(failure);
                }
            };
        }

        private void requireAuthentication(TransportClient from) {
            if (site.security().isAuthenticationEnabled() && from.getClientId() == null) {
                throw new SecurityException("Cannot take a message of a connection that is not authenticated");
            }
        }

        private int known(Integer peer) {
            if (peer == null) {
                throw new IllegalArgumentException("Cannot take a message of a connection that has not greeted");
            }
            return peer;
        }

        @Override
        public void channelActive(TransportClient client) {
            strangers.add(client);
        }

        @Override
        public void channelInactive(TransportClient client) {
            strangers.remove(client);
            Integer peer = peers.remove(client); // a stranger's connection was never among the peers
            if (peer != null && !closing.get()) {
                lost(peer);
            }
        }

        @Override
        public StreamManager getStreamManager() {
            return nothing;
        }
    }
}
