package siglip.kernels;

/** What the blocks of one rank add up to, in double: sums over pairs (sigmoid) or over rows and columns (softmax), never means. */
public final class LossSums {
    /** Sum of the losses, in nats. */
    public double loss;
    /** Gradient of {@link #loss} with respect to t', the logarithm of the logit scale. */
    public double logScaleGradient;
    /** Gradient of {@link #loss} with respect to b; 0 for softmax. */
    public double biasGradient;

    /** Number of positive pairs, the sum of their logits, and the smallest and largest of them. */
    public long positives;

    public double positiveLogits;
    public double minPositiveLogit = Double.POSITIVE_INFINITY;
    public double maxPositiveLogit = Double.NEGATIVE_INFINITY;

    /** Number of negative pairs and the sum of their logits. Masked pairs count as neither. */
    public long negatives;

    public double negativeLogits;

    /** Adds the sums of another block or rank. */
    public void add(LossSums other) {
        loss += other.loss;
        logScaleGradient += other.logScaleGradient;
        biasGradient += other.biasGradient;
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
