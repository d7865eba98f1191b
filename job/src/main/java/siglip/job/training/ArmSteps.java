package siglip.job.training;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import siglip.job.ring.DriverNode;
import siglip.job.ring.DriverReduction;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;

/** One arm within one attempt, on the driver: sums in, parameters out, step by step. */
final class ArmSteps {
    private final DriverHalf half;
    private final DriverReduction reduction;
    private final int attempt;
    private List<CompletableFuture<ByteBuffer>> offers = List.of();

    ArmSteps(DriverNode node, DriverHalf half, PieceLayout pieces, int attempt) {
        this.half = half;
        this.attempt = attempt;
        this.reduction = new DriverReduction(node, pieces, arm());
    }

    int arm() {
        return half.state().index();
    }

    boolean due(long step) {
        return half.state().stopped().isEmpty() && step >= half.state().nextStep();
    }

    /** Sends the whole model to ranks that have nothing yet, and awaits the first step. */
    void start() {
        if (half.state().stopped().isEmpty()) {
            offers = reduction.offer(half.state().nextStep());
        }
        half.fillAll(reduction.parameters());
        for (int rank = 0; rank < reduction.ranks(); rank++) {
            reduction.send(rank, -1);
        }
    }

    /**
     * Takes a step's sums, moves the parameters, and sends them.
     *
     * @param more whether another step follows in this attempt
     * @return with the seconds of aggregating, optimizer and sending
     */
    StepRecord step(long step, boolean more) {
        Piece[] sums = reduction.await(offers);
        Piece[] parameters = reduction.parameters();
        long start = System.nanoTime();
        StepRecord record = half.take(sums, step, attempt);
        if (more && record.finite()) {
            offers = reduction.offer(step + 1);
        }
        half.complete(record, parameters, rank -> reduction.send(rank, step));
        double seconds = (System.nanoTime() - start) * 1e-9;
        return record.measured(half.measure(record)).timed(0, seconds, List.of()); // the ranks have gone on
    }
}
