package siglip.job.losses;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import siglip.job.ring.Departures;
import siglip.job.ring.Frame;
import siglip.job.ring.RankNode;
import siglip.kernels.Footprint;

/**
 * Adds up numbers over all ranks, in a few rounds of a step: each rank sends its own to every other, and all add them up in rank order, so that all
 * have the same bits.
 */
final class RankSums {
    private final RankNode node;
    private final int[] counts;
    private final ByteBuffer[] outgoing; // by round
    private final ByteBuffer[][] incoming; // by round and rank; none of this one
    private final List<List<CompletableFuture<ByteBuffer>>> arriving = new ArrayList<>();
    private int arm;
    private long step;

    /** @param counts numbers of each round */
    RankSums(RankNode node, int... counts) {
        this.node = node;
        this.counts = counts;
        outgoing = new ByteBuffer[counts.length];
        incoming = new ByteBuffer[counts.length][node.ranks()];
        if (node.ranks() > 1) {
            for (int round = 0; round < counts.length; round++) {
                outgoing[round] = allocate(counts[round]);
                for (int peer = 0; peer < node.ranks(); peer++) {
                    incoming[round][peer] = peer == node.rank() ? null : allocate(counts[round]);
                }
            }
        }
    }

    private static ByteBuffer allocate(int count) {
        return ByteBuffer.allocateDirect(Double.BYTES * count).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Offers a place for each message of a step. */
    void offer(int ofArm, long ofStep) {
        arm = ofArm;
        step = ofStep;
        arriving.clear();
        for (int round = 0; round < counts.length; round++) {
            List<CompletableFuture<ByteBuffer>> places = new ArrayList<>();
            for (int peer = 0; peer < node.ranks(); peer++) {
                boolean self = peer == node.rank();
                places.add(self ? null : node.receive(frame(round), peer, clear(incoming[round][peer])));
            }
            arriving.add(places);
        }
    }

    private Frame frame(int round) {
        return new Frame(Frame.Kind.SUMS, arm, step, round);
    }

    /** Replaces this rank's numbers by the sums over all, in the step for which places were offered last. */
    void run(int round, double[] values) {
        if (node.ranks() == 1) {
            return;
        }
        ByteBuffer own = clear(outgoing[round]);
        own.asDoubleBuffer().put(values, 0, counts[round]);
        Departures sent = new Departures();
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                sent.add(peer, node.send(frame(round), peer, clear(outgoing[round])));
            }
        }
        Arrays.fill(values, 0, counts[round], 0);
        for (int peer = 0; peer < node.ranks(); peer++) {
            ByteBuffer block = outgoing[round];
            if (peer != node.rank()) {
                node.await(arriving.get(round).get(peer), peer, frame(round).toString());
                block = incoming[round][peer];
            }
            DoubleBuffer numbers = clear(block).asDoubleBuffer();
            for (int k = 0; k < counts[round]; k++) {
                values[k] += numbers.get(k);
            }
        }
        sent.await(node, "room for sums");
    }

    /** Memory of a rank: a place for each other rank and one for its own, in each round. */
    static Footprint footprint(int ranks, int... counts) {
        return new Footprint(
                ranks == 1
                        ? 0
                        : (long) Double.BYTES * ranks * IntStream.of(counts).sum(),
                0);
    }

    /** Bytes that a rank sends in a step. */
    static long sent(int ranks, int... counts) {
        return (long) Double.BYTES * (ranks - 1) * IntStream.of(counts).sum();
    }

    long bytes() {
        return footprint(node.ranks(), counts).total();
    }

    private static ByteBuffer clear(ByteBuffer buffer) {
        return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
    }
}
