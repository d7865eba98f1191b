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

    /** @param rows how the columns of the global batch are cut into the ranks' own */
    public ColumnMerge(RankNode node, Slices rows) {
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

    /** The blocks that a step of an arm expects, offered early. */
    public Offers offer(int arm, long step) {
        Offers offers = new Offers(
                new Frame(Frame.Kind.LOG_SUMS_PART, arm, step, 0), new Frame(Frame.Kind.LOG_SUMS_WHOLE, arm, step, 0));
        for (int peer = 0; peer < node.ranks(); peer++) {
            boolean self = peer == node.rank();
            offers.parts.add(self ? null : node.receive(offers.part, peer, clear(parts[peer])));
            offers.wholes.add(self ? null : node.receive(offers.whole, peer, clear(wholes[peer])));
        }
        return offers;
    }

    /**
     * Replaces this rank's parts of all columns by the whole.
     *
     * @return the share of the loss of this rank's own columns
     */
    public double run(Offers offers, LogSums columns) {
        Departures sent = new Departures();
        for (int peer = 0; peer < node.ranks(); peer++) {
            ByteBuffer part = clear(peer == node.rank() ? parts[peer] : outgoing[peer]);
            columns.write(rows.start(peer), rows.size(peer), part.asDoubleBuffer());
            if (peer != node.rank()) {
                sent.add(peer, node.send(offers.part, peer, part));
            }
        }
        own.clear();
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                node.await(offers.parts.get(peer), peer, offers.part.toString());
            }
            own.merge(0, clear(parts[peer]).asDoubleBuffer());
        }
        ByteBuffer whole = clear(wholes[node.rank()]);
        own.write(0, own.rows(), whole.asDoubleBuffer());
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                sent.add(peer, node.send(offers.whole, peer, whole));
            }
        }
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                node.await(offers.wholes.get(peer), peer, offers.whole.toString());
            }
            columns.read(rows.start(peer), clear(wholes[peer]).asDoubleBuffer());
        }
        sent.await(node, "room for sums of columns");
        return own.loss();
    }

    /** Memory of a rank: for parts and wholes of all columns that leave or arrive, and a part of its own columns from each rank. */
    public static Footprint footprint(Slices rows, int rank) {
        int own = rows.size(rank);
        return new Footprint(LogSums.bytes(2 * rows.total() + (long) rows.ranks() * own), LogSums.bytes(own));
    }

    public long bytes() {
        return footprint(rows, node.rank()).total();
    }

    private static ByteBuffer clear(ByteBuffer buffer) {
        return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
    }

    /** The blocks that one step expects, by rank; none of this rank itself. */
    public static final class Offers {
        private final Frame part;
        private final Frame whole;
        private final List<CompletableFuture<ByteBuffer>> parts = new ArrayList<>();
        private final List<CompletableFuture<ByteBuffer>> wholes = new ArrayList<>();

        private Offers(Frame part, Frame whole) {
            this.part = part;
            this.whole = whole;
        }
    }
}
