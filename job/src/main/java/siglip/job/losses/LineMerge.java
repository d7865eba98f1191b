package siglip.job.losses;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import siglip.job.order.Slices;
import siglip.job.ring.Departures;
import siglip.job.ring.Frame;
import siglip.job.ring.RankNode;
import siglip.kernels.Footprint;
import siglip.kernels.lines.MergedLines;

/**
 * Makes lines whole that were gathered in parts, by the lanes of all ranks. First a rank merges the parts of its lanes. Then it receives
 * the other ranks' parts of its own slice of the lines, merges them in rank order, and tells all others: two rounds, and all ranks have the same bits.
 *
 * @param <T> the kind of lines
 */
final class LineMerge<T extends MergedLines> {
    private final RankNode node;
    private final Slices lines;
    private final List<T> ofLanes = new ArrayList<>();
    private final DoubleBuffer betweenLanes;
    private final T own;
    private final ByteBuffer[] parts;
    private final ByteBuffer[] outgoing;
    private final ByteBuffer[] wholes;
    private final List<CompletableFuture<ByteBuffer>> arrivingParts = new ArrayList<>(); // by rank; none of this one
    private final List<CompletableFuture<ByteBuffer>> arrivingWholes = new ArrayList<>();
    private Frame part; // of the step for which there are offers
    private Frame whole;

    /**
     * @param lines how they are cut into the ranks' own
     * @param empty makes so many lines
     */
    LineMerge(LossExchange.Blocks blocks, Slices lines, IntFunction<T> empty) {
        node = blocks.node();
        this.lines = lines;
        int lanes = blocks.lanes().count();
        int all = Math.toIntExact(lines.total());
        for (int lane = 0; lane < lanes; lane++) {
            ofLanes.add(empty.apply(all));
        }
        own = empty.apply(lines.size(node.rank()));
        betweenLanes = DoubleBuffer.allocate(lanes == 1 ? 0 : all * own.width());
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
        return ByteBuffer.allocateDirect((int) bytes(lines.size(rank), own.width()))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    private static long bytes(long lines, int width) {
        return Double.BYTES * lines * width;
    }

    /** Empties the parts for a step of an arm, and offers a place for each block that it expects. */
    void begin(int arm, long step) {
        ofLanes.forEach(MergedLines::clear);
        part = new Frame(Frame.Kind.LINES_PART, arm, step, 0);
        whole = new Frame(Frame.Kind.LINES_WHOLE, arm, step, 0);
        arrivingParts.clear();
        arrivingWholes.clear();
        for (int peer = 0; peer < node.ranks(); peer++) {
            boolean self = peer == node.rank();
            arrivingParts.add(self ? null : node.receive(part, peer, clear(parts[peer])));
            arrivingWholes.add(self ? null : node.receive(whole, peer, clear(wholes[peer])));
        }
    }

    /** What a lane adds to. */
    T part(int lane) {
        return ofLanes.get(lane);
    }

    /** All lines, once {@link #run} has made them whole. */
    T whole() {
        return ofLanes.get(0);
    }

    /**
     * Makes all lines whole, in the step that has begun.
     *
     * @return those of this rank's slice
     */
    T run() {
        T all = whole();
        for (T other : ofLanes.subList(1, ofLanes.size())) {
            other.write(0, other.lines(), betweenLanes.clear());
            all.merge(0, betweenLanes.clear());
        }
        Departures sent = new Departures();
        for (int peer = 0; peer < node.ranks(); peer++) {
            ByteBuffer block = clear(peer == node.rank() ? parts[peer] : outgoing[peer]);
            all.write(lines.start(peer), lines.size(peer), block.asDoubleBuffer());
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
        own.write(0, own.lines(), mine.asDoubleBuffer());
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                sent.add(peer, node.send(whole, peer, mine));
            }
        }
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                node.await(arrivingWholes.get(peer), peer, whole.toString());
            }
            all.read(lines.start(peer), clear(wholes[peer]).asDoubleBuffer());
        }
        sent.await(node, "room for lines");
        return own;
    }

    /**
     * Memory of a rank: for parts of its lanes, for parts and wholes of all lines that leave or arrive, and a part of its own lines from each rank.
     *
     * @param width doubles to a line
     */
    static Footprint footprint(Slices lines, int rank, int lanes, int width) {
        long all = lines.total();
        int own = lines.size(rank);
        return new Footprint(
                bytes(2 * all + (long) lines.ranks() * own, width),
                bytes(own + lanes * all + (lanes == 1 ? 0 : all), width));
    }

    long bytes() {
        return footprint(lines, node.rank(), ofLanes.size(), own.width()).total();
    }

    /** Bytes that a rank sends in a step. */
    static long sentBytes(Slices lines, int rank, int width) {
        long own = lines.size(rank);
        return bytes(lines.total() - own + (lines.ranks() - 1) * own, width);
    }

    private static ByteBuffer clear(ByteBuffer buffer) {
        return buffer.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
    }
}
