package siglip.job.ring;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.SparseRows;
import siglip.kernels.blas.Sums;

/**
 * A rank's side of a gradient's way to the driver and of the parameters' way back. Piece j of every rank's gradient goes
 * straight to rank j, which adds the pieces in rank order and sends the sum to the driver; the driver sends piece j of the
 * new parameters to rank j, which passes it to the others on arrival. One round each way, whatever the number of ranks.
 */
public final class RankReduction {
    private final RankNode node;
    private final PieceLayout layout;
    private final Piece sum;
    private final Piece[] outgoing;
    private final Piece[] incoming;
    private final Piece[] parameters;

    public RankReduction(RankNode node, PieceLayout layout) {
        this.node = node;
        this.layout = layout;
        int ranks = node.ranks();
        sum = layout.allocate(node.rank());
        outgoing = new Piece[ranks];
        incoming = new Piece[ranks];
        parameters = new Piece[ranks];
        for (int peer = 0; peer < ranks; peer++) {
            outgoing[peer] = layout.allocate(peer);
            incoming[peer] = peer == node.rank() ? outgoing[peer] : layout.allocate(node.rank());
            parameters[peer] = layout.allocate(peer);
        }
    }

    /** What an arm's step will receive, offered early, so that no sender has to ask. */
    public Offers offer(int arm, long step) {
        Offers offers = new Offers(arm, step);
        for (int peer = 0; peer < node.ranks(); peer++) {
            offers.gradients.add(
                    peer == node.rank()
                            ? CompletableFuture.completedFuture(null)
                            : node.receive(offers.frame(Frame.Kind.GRADIENT_PIECE), peer, incoming[peer].room()));
        }
        offerParameters(offers);
        return offers;
    }

    /** Offers room for the parameters that a segment starts from. */
    public Offers offerStart(int arm) {
        Offers offers = new Offers(arm, -1);
        offerParameters(offers);
        return offers;
    }

    private void offerParameters(Offers offers) {
        Frame frame = offers.frame(Frame.Kind.PARAMETER_PIECE);
        for (int peer = 0; peer < node.ranks(); peer++) {
            int from = peer == node.rank() ? Node.DRIVER : peer;
            offers.parameters.add(node.receive(frame, from, parameters[peer].room()));
        }
        Piece own = parameters[node.rank()];
        for (int peer = 0; peer < node.ranks(); peer++) {
            if (peer != node.rank()) {
                int to = peer;
                offers.departures.add(to, offers.parameters.get(node.rank()).thenCompose(arrived -> {
                    own.verify(arrived);
                    return node.send(frame, to, own.wire());
                }));
            }
        }
    }

    /**
     * Sends this rank's gradient away in pieces, adds up its own piece over all ranks, and sends the sum to the driver.
     *
     * @param dense whose sum, in this order, is the rank's gradient with respect to the towers; each 1 x P
     * @param table whose sum, in this order, is that with respect to the table
     * @param scalars of this rank, for the driver; at most {@value Piece#SCALARS}
     */
    public void reduce(Offers offers, List<Matrix> dense, List<SparseRows> table, double[] scalars) {
        Frame frame = offers.frame(Frame.Kind.GRADIENT_PIECE);
        boolean asItIs = dense.size() == 1; // then the own piece of it need not be copied to be added
        for (int hop = 1; hop <= node.ranks(); hop++) { // the own piece comes last: the others travel meanwhile
            int peer = (node.rank() + hop) % node.ranks();
            fill(outgoing[peer], peer, asItIs && peer == node.rank() ? List.of() : dense, table);
            if (peer != node.rank()) {
                offers.departures.add(peer, node.send(frame, peer, outgoing[peer].wire()));
            }
        }
        List<FloatBuffer> parts = new ArrayList<>();
        List<SparseRows> rows = new ArrayList<>();
        for (int peer = 0; peer < node.ranks(); peer++) {
            ByteBuffer arrived = node.await(offers.gradients.get(peer), peer, frame.toString());
            if (peer != node.rank()) {
                incoming[peer].verify(arrived);
            }
            parts.add(asItIs && peer == node.rank() ? slice(dense.get(0), peer) : incoming[peer].dense());
            rows.add(incoming[peer].table());
        }
        Sums.add(parts, sum.dense());
        RowMerge.merge(rows, sum, layout.width());
        sum.scalars().put(scalars);
        offers.departures.add(Node.DRIVER, node.send(offers.frame(Frame.Kind.GRADIENT_SUM), Node.DRIVER, sum.wire()));
    }

    private FloatBuffer slice(Matrix dense, int peer) {
        return dense.range(layout.dense().start(peer), 1, layout.dense().size(peer))
                .floats();
    }

    private void fill(Piece piece, int peer, List<Matrix> dense, List<SparseRows> table) {
        Sums.add(dense.stream().map(lane -> slice(lane, peer)).toList(), piece.dense());
        RowMerge.merge(table.stream().map(rows -> layout.rowsOf(rows, peer)).toList(), piece, layout.width());
    }

    /**
     * Waits for the new parameters, writes them over the old, and makes sure that all that this rank sent has arrived.
     *
     * @return the scalars that the driver sent along, valid until the next parameters are offered room
     */
    public DoubleBuffer update(Offers offers, Matrix dense, Matrix table) {
        for (int hop = 0; hop < node.ranks(); hop++) { // its own piece comes straight from the driver, and first
            int peer = (node.rank() + hop) % node.ranks();
            int from = peer == node.rank() ? Node.DRIVER : peer;
            ByteBuffer arrived = node.await(offers.parameters.get(peer), from, "parameters");
            Piece piece = parameters[peer];
            piece.verify(arrived);
            dense.range(layout.dense().start(peer), 1, layout.dense().size(peer))
                    .floats()
                    .put(piece.dense());
            RowMerge.scatter(piece, table);
        }
        offers.departures.await(node, "room for pieces");
        return parameters[0].scalars();
    }

    /** Bytes of a rank's memory: a piece of each rank to send, and one to get parameters into; its own from each other rank, and their sum. */
    public static long bytes(PieceLayout layout, int rank) {
        return 2 * layout.bytes() + layout.ranks() * layout.bytes(rank);
    }

    public long bytes() {
        return bytes(layout, node.rank());
    }

    /** The blocks that an arm's step expects. */
    public static final class Offers {
        private final int arm;
        private final long step;
        private final List<CompletableFuture<ByteBuffer>> gradients = new ArrayList<>();
        private final List<CompletableFuture<ByteBuffer>> parameters = new ArrayList<>();
        private final Departures departures = new Departures();

        private Offers(int arm, long step) {
            this.arm = arm;
            this.step = step;
        }

        private Frame frame(Frame.Kind kind) {
            return new Frame(kind, arm, step, 0);
        }
    }
}
