package siglip.job.ring;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The driver's side: takes the summed pieces of one arm, and sends the pieces of its new parameters. */
public final class DriverReduction {
    private final DriverNode node;
    private final PieceLayout layout;
    private final int arm;
    private final Piece[] sums;
    private final Piece[] parameters;
    private final List<CompletableFuture<Void>> sent = new ArrayList<>();

    public DriverReduction(DriverNode node, PieceLayout layout, int arm) {
        this.node = node;
        this.layout = layout;
        this.arm = arm;
        sums = new Piece[layout.ranks()];
        parameters = new Piece[layout.ranks()];
        for (int rank = 0; rank < layout.ranks(); rank++) {
            sums[rank] = layout.allocate(rank);
            parameters[rank] = layout.allocate(rank);
        }
    }

    /** Offers room for the sums of a step. */
    public List<CompletableFuture<ByteBuffer>> offer(long step) {
        List<CompletableFuture<ByteBuffer>> offers = new ArrayList<>();
        for (int rank = 0; rank < layout.ranks(); rank++) {
            Frame frame = new Frame(Frame.Kind.GRADIENT_SUM, arm, step, 0);
            offers.add(node.receive(frame, rank, sums[rank].room()));
        }
        return offers;
    }

    /** Waits for the sums of all ranks; piece r is that of rank r. */
    public Piece[] await(List<CompletableFuture<ByteBuffer>> offers) {
        for (int rank = 0; rank < layout.ranks(); rank++) {
            sums[rank].verify(node.await(offers.get(rank), rank, "the sum of gradients"));
        }
        return sums;
    }

    /** The pieces to fill with new parameters, once those of the last step have arrived. */
    public Piece[] parameters() {
        for (int i = 0; i < sent.size(); i++) {
            node.await(sent.get(i), i, "room for parameters");
        }
        sent.clear();
        return parameters;
    }

    public int ranks() {
        return layout.ranks();
    }

    /** Sends a filled piece to its rank; ranks come in order. */
    public void send(int rank, long step) {
        Frame frame = new Frame(Frame.Kind.PARAMETER_PIECE, arm, step, 0);
        sent.add(node.send(frame, rank, parameters[rank].wire()));
    }
}
