package siglip.job.planning;

/**
 * What one core does in how long, measured. All in seconds of one core, except the driver's.
 *
 * @param forward both towers of one pair, forward
 * @param backward both towers of one pair, backward
 * @param sigmoid the sigmoid loss of one image with one text and its gradient: three products and the element-wise part
 * @param softmaxSums the first pass of the softmax over one image with one text
 * @param softmaxGradient its second pass
 * @param mergedColumn writing, merging and reading the log-sum-exp of one column
 * @param addedFloat adding one float of a gradient to another
 * @param copiedFloat copying one float
 * @param update the driver's part of a step, for one parameter, on the driver's cores
 */
public record Rates(
        double forward,
        double backward,
        double sigmoid,
        double softmaxSums,
        double softmaxGradient,
        double mergedColumn,
        double addedFloat,
        double copiedFloat,
        double update) {

    /** The same, of processors that are {@code factor} times as slow. */
    Rates slowed(double factor) {
        return new Rates(
                factor * forward,
                factor * backward,
                factor * sigmoid,
                factor * softmaxSums,
                factor * softmaxGradient,
                factor * mergedColumn,
                factor * addedFloat,
                factor * copiedFloat,
                update);
    }
}
