package siglip.job.ring;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import siglip.job.order.Slices;

/**
 * Texts on their way round the ring, for one step of one arm. In phase p a rank holds the texts of the rank p places before
 * it. A block is passed on the moment it arrives, on the network's thread, before anybody here has used it: the transfer to
 * the next rank runs while this one computes.
 *
 * <p>Each of the D - 1 arrivals needs a place. With a place for each (the gather of the softmax) all are offered at the
 * start; with fewer, a place is offered again when its block has been used and passed on.
 */
public final class TextRing {
    private final RankNode node;
    private final Slices rows;
    private final int arm;
    private final long step;
    private final List<TextBlock> places;
    /** By phase: the block that arrives in it. */
    private final Map<Integer, CompletableFuture<ByteBuffer>> arrivals = new HashMap<>();
    /** By phase: the block of that phase on its way to the next rank; own texts are those of phase 0. */
    private final Map<Integer, CompletableFuture<Void>> departures = new TreeMap<>();

    /**
     * Offers the places and sends this rank's own texts off.
     *
     * @param rows how the global batch is cut into the ranks' texts
     * @param own this rank's texts; not to be written before {@link #finish}
     * @param places at least 2, or D - 1 if that is less; place {@code (p - 1) % places} holds the block of phase p
     */
    public TextRing(RankNode node, Slices rows, int arm, long step, TextBlock own, List<TextBlock> places) {
        this.node = node;
        this.rows = rows;
        this.arm = arm;
        this.step = step;
        this.places = places;
        int hops = node.ranks() - 1;
        for (int phase = 1; phase <= Math.min(hops, places.size()); phase++) {
            offer(phase);
        }
        if (hops > 0) {
            departures.put(0, node.send(frame(1), node.next(), own.wire()));
        }
    }

    private Frame frame(int phase) {
        return new Frame(Frame.Kind.TEXT, arm, step, phase);
    }

    /** The rank whose texts are here in a phase. */
    public int owner(int phase) {
        return Math.floorMod(node.rank() - phase, node.ranks());
    }

    private TextBlock place(int phase) {
        return places.get((phase - 1) % places.size());
    }

    private void offer(int phase) {
        TextBlock place = place(phase).shape(rows.size(owner(phase)));
        CompletableFuture<ByteBuffer> arrival = node.receive(frame(phase), node.previous(), place.wire());
        arrivals.put(phase, arrival);
        if (phase < node.ranks() - 1) {
            departures.put(phase, arrival.thenCompose(block -> node.send(frame(phase + 1), node.next(), block)));
        }
    }

    /** Waits for the block of a phase, 1 to D - 1. */
    public TextBlock await(int phase) {
        node.await(arrivals.get(phase), node.previous(), frame(phase).toString());
        return place(phase);
    }

    /** Says that the block of a phase has been used; where places are few, offers its place again, once it has been passed on. */
    public void used(int phase) {
        int again = phase + places.size();
        if (again < node.ranks()) {
            node.await(departures.get(phase), node.next(), "room for " + frame(phase + 1));
            offer(again);
        }
    }

    /** Waits until all that this rank sent has arrived. */
    public void finish() {
        for (CompletableFuture<Void> departure : departures.values()) {
            node.await(departure, node.next(), "room for texts");
        }
    }
}
