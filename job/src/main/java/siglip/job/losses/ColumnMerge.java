package siglip.job.losses;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import siglip.job.order.Slices;
import siglip.job.ring.Departures;
import siglip.job.ring.Frame;
import siglip.job.ring.RankNode;
import siglip.kernels.Footprint;
import siglip.kernels.LogSums;

/**
 * Makes the log-sum-exps of the columns whole: every rank has a part of each, from its own rows. A rank receives the parts
 * of its own texts' columns, merges them in rank order, and tells all others: two rounds, O(N) numbers.
 */
final class ColumnMerge {
    private final RankNode node;
    private final Slices rows;
    private final LogSums own;
    private final ByteBuffer[] parts;
    private final ByteBuffer[] outgoing;
    private final ByteBuffer[] wholes;
    private final List<CompletableFuture<ByteBuffer>> arrivingParts = new ArrayList<>(); // by rank; none of this one
    private final List<CompletableFuture<ByteBuffer>> arrivingWholes = new ArrayList<>();
    private Frame part; // of the step for which there are offers
    private Frame whole;

    /** @param rows how the columns of the global batch are cut into the ranks' own */
    ColumnMerge(RankNode node, Slices rows) {
        this.node = node;
        this.rows = rows;
        this.own = new LogSums(rows.size(node.rank()));
        int ranks = node.ranks();
        parts = new ByteBuffer[ranks];
        outgoing = new ByteBuffer[ranks];
        wholes = new ByteBuffer[ranks];
        for (int peer = 0; peer < ranks; peer++) {
            parts[peer] = allocate(node.rank());
            outgoing[peer] = allocate(peer);
            wholes[peer] = allocate(peer);
        }
    }

    private ByteBuffer allocate(int rank) {
        return ByteBuffer.allocateDirect((int) LogSums.bytes(rows.size(rank))).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Offers a place for each block that a step of an arm expects. */
    void offer(int arm, long step) {
        part = new Frame(Frame.Kind.LOG_SUMS_PART, arm, step, 0);
        whole = new Frame(Frame.Kind.LOG_SUMS_WHOLE, arm, step, 0);
        arrivingParts.clear();
        arrivingWholes.clear();
        for (int peer = 0; peer < node.ranks(); peer++) {
            boolean self = peer == node.rank();
            arrivingParts.add(self ? null : node.receive(part, peer, clear(parts[peer])));
            arrivingWholes.add(self ? null : node.receive(whole, peer, clear(wholes[peer])));
        }
    }

    /**
     * Replaces this rank's parts of all columns by the whole, in the step for which places were offered last.
     *
     * @return the share of the loss of this rank's own columns
     */
    double run(LogSums columns) {
        Departures sent = new Departures();
        for (int peer = 0; peer < node.ranks(); peer++) {
            ByteBuffer block = clear(peer == node.rank() ? parts[peer] : outgoing[peer]);
            columns.write(rows.start(peer), rows.size(peer), block.asDoubleBuffer());
            if (peer != node.rank()) {
                sent.add(peer, node.send(part, peer, block));
            }
        }
        own.clear();
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                node.await(arrivingParts.get(peer), peer, part.toString());
            }
            own.merge(0, clear(parts[peer]).asDoubleBuffer());
        }
        ByteBuffer mine = clear(wholes[node.rank()]);
        own.write(0, own.rows(), mine.asDoubleBuffer());
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                sent.add(peer, node.send(whole, peer, mine));
            }
        }
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                node.await(arrivingWholes.get(peer), peer, whole.toString());
            }
            columns.read(rows.start(peer), clear(wholes[peer]).asDoubleBuffer());
        }
        sent.await(node, "room for sums of columns");
        return own.loss();
    }

    /** Memory of a rank: for parts and wholes of all columns that leave or arrive, and a part of its own columns from each rank. */
    static Footprint footprint(Slices rows, int rank) {
        int own = rows.size(rank);
        return new Footprint(LogSums.bytes(2 * rows.total() + (long) rows.ranks() * own), LogSums.bytes(own));
    }

    long bytes() {
        return footprint(rows, node.rank()).total();
    }

    private static ByteBuffer clear(ByteBuffer buffer) {
        return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
    }
}
