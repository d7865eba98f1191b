package siglip.job.training;

import java.util.function.IntConsumer;
import siglip.job.formats.DataException;
import siglip.job.optimizer.Gradient;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;
import siglip.kernels.LossSums;

/** The driver's half of an arm whose parameters stay as they are: hands on the gradient of each step, once. */
final class GradientTaker implements DriverHalf {
    private final ArmState state;
    private final ModelPieces model;
    private final Gradient gradient;
    private final int pairs;
    private final FrozenModels.Taker taker;
    private double loss;

    /** @param pairs of a global batch */
    GradientTaker(ArmState state, PieceLayout layout, int pairs, FrozenModels.Taker taker) {
        this.state = state;
        this.pairs = pairs;
        this.taker = taker;
        model = new ModelPieces(state, layout);
        gradient = new Gradient(layout, state.arm().loss().scalars().size());
    }

    @Override
    public ArmState state() {
        return state;
    }

    @Override
    public void fillAll(Piece[] pieces) {
        model.all(pieces);
    }

    /** @throws DataException if the loss or its gradient is no number at these parameters */
    @Override
    public StepRecord take(Piece[] sums, long step, int attempt) {
        LossSums total = RankScalars.total(state.arm().loss(), sums).sums();
        gradient.assemble(sums, total.gradients(state.arm().loss()), pairs);
        StepRecord record = StepRecord.of(state, total, pairs, gradient, step, attempt, 0, false);
        if (!record.finite()) {
            throw new DataException(
                    "Cannot measure the gradient of %s: its loss is %s, its gradient norm %s on batch %d"
                            .formatted(record.arm(), record.loss(), record.gradientNorm(), step));
        }
        loss = record.loss();
        return record;
    }

    /** The ranks go on before anybody looks at the gradient. */
    @Override
    public void complete(StepRecord record, Piece[] pieces, IntConsumer ready) {
        for (int rank = 0; rank < pieces.length; rank++) {
            model.towersAlone(pieces[rank], rank);
            ready.accept(rank);
        }
        taker.take(state.index(), record.step(), loss, gradient);
        state.completed(record.step());
    }
}
