package siglip.job.training;

import java.util.Optional;
import siglip.job.config.LossSettings;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.kernels.LogitParams;

/**
 * The parameters of one arm, of which the driver's are the only true ones, and how far it has come.
 */
public final class ArmState {
    private final int index;
    private final LossSettings.Arm arm;
    private final ParameterLayout layout;
    private final double maxLogScale;
    private final float[] dense;
    private final float[] table;
    private double logScale;
    private double bias;
    private long nextStep;
    private String stopped;

    public ArmState(int index, LossSettings.Arm arm, Parameters initial, double bias, double maxScale) {
        this.index = index;
        this.arm = arm;
        this.layout = initial.layout();
        this.maxLogScale = Math.log(maxScale);
        this.dense = initial.dense().toArray();
        this.table = initial.table().toArray();
        this.logScale = Math.min(Math.log(arm.initialScale()), maxLogScale);
        this.bias = bias;
    }

    public int index() {
        return index;
    }

    public LossSettings.Arm arm() {
        return arm;
    }

    /** Parameters of the towers, in the order of their flat vector; shared, not copied. */
    public float[] dense() {
        return dense;
    }

    /** The table, row by row; shared, not copied. */
    public float[] table() {
        return table;
    }

    public LogitParams logits() {
        return new LogitParams(logScale, bias);
    }

    /** Adds to t' and b; t stays between 1 and its largest value, the softmax has no b. */
    public void moveScalars(double logScaleStep, double biasStep) {
        logScale = Math.max(0, Math.min(maxLogScale, logScale + logScaleStep));
        bias = arm.kind() == LossSettings.Kind.SOFTMAX ? 0 : bias + biasStep;
    }

    /** The first step that this arm has not completed. */
    public long nextStep() {
        return nextStep;
    }

    void completed(long step) {
        nextStep = step + 1;
    }

    /** Why the arm trains no further, if it does not. */
    public Optional<String> stopped() {
        return Optional.ofNullable(stopped);
    }

    void stop(String why) {
        stopped = why;
    }

    /** Goes on where a snapshot of the same arm was taken. */
    void restore(ArmSnapshot from) {
        copy(from.dense(), dense);
        copy(from.table(), table);
        logScale = from.logScale();
        bias = from.bias();
        nextStep = from.nextStep();
        stopped = from.stopped().orElse(null);
    }

    /** @throws IllegalArgumentException if the lengths differ */
    public static void copy(float[] from, float[] to) {
        if (from.length != to.length) {
            throw new IllegalArgumentException(
                    "Cannot go on from a snapshot of another model: it has %d parameters where this one has %d"
                            .formatted(from.length, to.length));
        }
        System.arraycopy(from, 0, to, 0, to.length);
    }

    /** A copy of the parameters, for evaluation and files. */
    public Parameters parameters() {
        Parameters copy = Parameters.allocate(layout);
        copy.dense().write(0, dense, 0, dense.length);
        copy.table().write(0, table, 0, table.length);
        return copy;
    }
}
