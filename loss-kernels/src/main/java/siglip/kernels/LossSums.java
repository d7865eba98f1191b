package siglip.kernels;

/** What the blocks of one rank add up to, in double: sums over pairs (sigmoid) or over rows and columns (softmax), never means. */
public final class LossSums {
    private static final int SCALARS = LossScalar.values().length;

    /** Sum of the losses, in nats. */
    public double loss;

    private final double[] gradients = new double[SCALARS];

    private final double[] solved = new double[SCALARS];

    /** Number of positive pairs, the sum of their logits, and the smallest and largest of them. */
    public long positives;

    public double positiveLogits;
    public double minPositiveLogit = Double.POSITIVE_INFINITY;
    public double maxPositiveLogit = Double.NEGATIVE_INFINITY;

    /** Number of negative pairs and the sum of their logits. Masked pairs count as neither. */
    public long negatives;

    public double negativeLogits;

    /** Gradient of {@link #loss} with respect to a scalar as it is learned; 0 for one that the loss does not have. */
    public double gradient(LossScalar scalar) {
        return gradients[scalar.ordinal()];
    }

    /** All of them, in the order of the loss's scalars. */
    public double[] gradients(Loss of) {
        return of.scalars().stream().mapToDouble(this::gradient).toArray();
    }

    /** Adds to the gradient with respect to a scalar. */
    public void addGradient(LossScalar scalar, double gradient) {
        gradients[scalar.ordinal()] += gradient;
    }

    /** What a scalar is in this step that the loss computes anew for each batch; one of its ranks says it. */
    public double solved(LossScalar scalar) {
        return solved[scalar.ordinal()];
    }

    /** Says what a scalar is. */
    public void setSolved(LossScalar scalar, double value) {
        solved[scalar.ordinal()] = value;
    }

    /** Adds the sums of another block or rank. */
    public void add(LossSums other) {
        loss += other.loss;
        for (int i = 0; i < SCALARS; i++) {
            gradients[i] += other.gradients[i];
            solved[i] += other.solved[i];
        }
        positives += other.positives;
        positiveLogits += other.positiveLogits;
        minPositiveLogit = Math.min(minPositiveLogit, other.minPositiveLogit);
        maxPositiveLogit = Math.max(maxPositiveLogit, other.maxPositiveLogit);
        negatives += other.negatives;
        negativeLogits += other.negativeLogits;
    }

    void addPositive(double logit) {
        positives++;
        positiveLogits += logit;
        minPositiveLogit = Math.min(minPositiveLogit, logit);
        maxPositiveLogit = Math.max(maxPositiveLogit, logit);
    }
}
