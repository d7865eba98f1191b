package siglip.job.ring;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import siglip.job.order.Slices;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Sums;

/**
 * Gradients of texts on their way home, for one step of one arm: one hop behind the texts. In phase p a rank computes its
 * share of the gradient of the texts of the rank p places before it, adds the shares that came from that owner's next
 * ranks, and passes the sum on; after the last phase it goes home. The order of additions is that of the ring, the same in every run.
 */
public final class GradientRing {
    /** Buffers for shares that are computed or sent, and for partial sums that arrive. */
    public static final int PLACES = 2;

    private final RankNode node;
    private final Slices rows;
    private final int arm;
    private final long step;
    private final List<Matrix> shares;
    private final List<Matrix> arriving;
    private final CompletableFuture<ByteBuffer>[] arrivals;
    private final CompletableFuture<Void>[] departures;

    /**
     * @param shares {@value #PLACES} matrices of the largest block's size, to compute into and send from
     * @param arriving as many, for partial sums of the previous rank
     */
    @SuppressWarnings({"unchecked", "rawtypes"})
    public GradientRing(RankNode node, Slices rows, int arm, long step, List<Matrix> shares, List<Matrix> arriving) {
        this.node = node;
        this.rows = rows;
        this.arm = arm;
        this.step = step;
        this.shares = shares;
        this.arriving = arriving;
        this.arrivals = new CompletableFuture[node.ranks() + 1];
        this.departures = new CompletableFuture[node.ranks() + 1];
        for (int phase = 2; phase <= Math.min(node.ranks(), 1 + PLACES); phase++) {
            offer(phase);
        }
    }

    private Frame frame(int phase) {
        return new Frame(Frame.Kind.TEXT_GRADIENT, arm, step, phase);
    }

    private int rowsIn(int phase) {
        return rows.size(Math.floorMod(node.rank() - phase, node.ranks()));
    }

    /** Partial sums of phase p, 2 to D, come from the previous rank; that of phase D is this rank's own. */
    private void offer(int phase) {
        ByteBuffer place = arriving.get(phase % PLACES).rows(0, rowsIn(phase)).bytes();
        arrivals[phase] = node.receive(frame(phase), node.previous(), place);
    }

    /** A cleared matrix to compute the share of a phase into, 1 to D - 1. */
    public Matrix share(int phase) {
        if (phase > PLACES) {
            node.await(departures[phase - PLACES], node.next(), "room for " + frame(phase - PLACES + 1));
        }
        Matrix share = shares.get(phase % PLACES).rows(0, rowsIn(phase));
        share.clear();
        return share;
    }

    /** Adds what has come for the texts of this phase to the share, and passes the sum on. */
    public void pass(int phase, Matrix share) {
        if (phase > 1) {
            addArrived(phase, share);
        }
        departures[phase] = node.send(frame(phase + 1), node.next(), share.bytes());
    }

    /** Adds the shares of all other ranks to this rank's own gradient, and waits until all that it sent has arrived. */
    public void home(Matrix own) {
        int last = node.ranks();
        if (last == 1) {
            return;
        }
        addArrived(last, own);
        for (int phase = 1; phase < last; phase++) {
            node.await(departures[phase], node.next(), "room for " + frame(phase + 1));
        }
    }

    private void addArrived(int phase, Matrix to) {
        node.await(arrivals[phase], node.previous(), frame(phase).toString());
        Sums.add(arriving.get(phase % PLACES).rows(0, rowsIn(phase)), to);
        if (phase + PLACES <= node.ranks()) {
            offer(phase + PLACES);
        }
    }
}
