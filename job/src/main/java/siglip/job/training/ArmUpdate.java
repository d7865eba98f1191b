package siglip.job.training;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntConsumer;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.TrainingSettings;
import siglip.job.optimizer.Gradient;
import siglip.job.optimizer.Optimizer;
import siglip.job.optimizer.TensorMeter;
import siglip.job.optimizer.TensorStep;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.Tensor;
import siglip.kernels.Loss;

/** The driver's part of an arm's step: takes the summed gradient, moves the parameters, and says what the step was. */
public final class ArmUpdate implements DriverHalf {
    private final ArmState state;
    private final Optimizer optimizer;
    private final Gradient gradient;
    private final Schedule schedule;
    private final OptimizerSettings settings;
    private final int pairs;
    private final PieceLayout layout;
    private final ModelPieces model;
    private final Optional<TensorMeter> meter;
    private final long every;
    private double clippedTo = 1; // what the gradient of the step was multiplied with
    private long peakBytes;

    /**
     * What is measured of an arm's updates.
     *
     * @param tensors of the towers
     * @param every so many steps, from step 0; 0 for never
     */
    public record Measured(List<Tensor> tensors, long every) {}

    /** Measures nothing. */
    public ArmUpdate(ArmState state, boolean[] decayed, TrainingSettings training, PieceLayout layout) {
        this(state, decayed, training, layout, new Measured(List.of(), 0));
    }

    /** @param decayed for each parameter of the towers, whether it is one that may decay */
    public ArmUpdate(
            ArmState state, boolean[] decayed, TrainingSettings training, PieceLayout layout, Measured measured) {
        this.state = state;
        this.settings = state.arm().optimizer();
        this.pairs = training.batchSize();
        this.every = measured.every();
        this.meter = every == 0 ? Optional.empty() : Optional.of(new TensorMeter(measured.tensors(), state.values()));
        this.layout = layout;
        this.model = new ModelPieces(state, layout);
        this.schedule = new Schedule(settings, training.steps());
        this.gradient = new Gradient(layout, state.arm().loss().scalars().size());
        this.optimizer = Optimizer.of(settings, state.values(), state.groups(decayed));
    }

    @Override
    public ArmState state() {
        return state;
    }

    long peakBytes() {
        return peakBytes;
    }

    ArmSnapshot snapshot() {
        return new ArmSnapshot(
                state.arm().name(),
                state.arm().loss(),
                state.nextStep(),
                state.stopped(),
                state.values().copy(),
                optimizer.snapshot(),
                peakBytes);
    }

    void restore(ArmSnapshot from) {
        state.restore(from);
        optimizer.restore(from.optimizer());
        peakBytes = from.peakBytes();
    }

    /**
     * Takes the gradient of a step. If it is not finite, the arm stops, with the parameters it had.
     *
     * @return the step's record, without its times
     */
    @Override
    public StepRecord take(Piece[] sums, long step, int attempt) {
        Loss loss = state.arm().loss();
        RankScalars total = RankScalars.total(loss, sums);
        peakBytes = Math.max(peakBytes, total.bytes());
        gradient.assemble(sums, total.sums().gradients(loss), pairs);
        double rate = schedule.at(step);
        boolean clipped = clip(gradient.norm());
        if (Double.isFinite(total.sums().loss)) {
            state.solved(total.sums());
        }
        StepRecord record = StepRecord.of(state, total.sums(), pairs, gradient, step, attempt, rate, clipped);
        if (!record.finite()) {
            state.stop("loss %s, gradient norm %s at step %d".formatted(record.loss(), record.gradientNorm(), step));
        }
        return record;
    }

    /**
     * Completes the step that was taken: moves the parameters piece by piece, unless the arm has stopped, and fills each piece with what
     * has changed, all of the towers and the touched rows of the table. All pieces move, whatever becomes of those that are ready.
     *
     * @param ready told each piece's rank as soon as it may be sent
     */
    @Override
    public void complete(StepRecord record, Piece[] pieces, IntConsumer ready) {
        boolean moves = state.stopped().isEmpty();
        if (moves) {
            if (isMeasured(record.step())) {
                meter.orElseThrow().begin(gradient);
            }
            optimizer.begin(record.learningRate());
            optimizer.moveScalars(gradient);
            state.keepScalarsInRange();
            optimizer.moveTable(gradient);
        }
        RuntimeException failure = null;
        for (int rank = 0, row = 0; rank < pieces.length; rank++) {
            int from = row;
            int end = layout.table().start(rank) + layout.table().size(rank);
            while (row < gradient.rows && gradient.ids[row] < end) {
                row++;
            }
            int first = layout.dense().start(rank);
            int last = first + layout.dense().size(rank);
            if (moves) {
                optimizer.moveDense(gradient, first, last, pieces[rank].dense());
            } else {
                pieces[rank].dense().put(state.values().dense(), first, last - first);
            }
            model.rest(pieces[rank], gradient.ids, from, row);
            try {
                ready.accept(rank);
            } catch (RuntimeException e) {
                failure = failure == null ? e : failure;
            }
        }
        state.completed(record.step());
        if (failure != null) {
            throw failure;
        }
    }

    private boolean isMeasured(long step) {
        return every > 0 && step % every == 0;
    }

    /** Where that is due and the arm goes on. */
    @Override
    public List<TensorStep> measure(StepRecord record) {
        return isMeasured(record.step()) && state.stopped().isEmpty()
                ? meter.orElseThrow().end(gradient, optimizer, clippedTo)
                : List.of();
    }

    private boolean clip(double norm) {
        clippedTo = 1;
        OptionalDouble largest = settings.clipNorm();
        if (largest.isEmpty() || !(norm > largest.getAsDouble())) {
            return false;
        }
        clippedTo = largest.getAsDouble() / norm;
        gradient.scale((float) clippedTo);
        return true;
    }

    @Override
    public void fillAll(Piece[] pieces) {
        model.all(pieces);
    }
}
