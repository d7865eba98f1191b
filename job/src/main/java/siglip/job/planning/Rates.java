package siglip.job.planning;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one core does in how long, measured. All in seconds of one core, except the driver's.
 *
 * @param forward both towers of one pair, forward
 * @param backward both towers of one pair, backward
 * @param loss one of what is counted of each {@link siglip.job.losses.LossWork} of the losses, by its name
 * @param addedFloat adding one float of a gradient to another
 * @param copiedFloat copying one float
 * @param update the driver's part of a step, for one parameter, on the driver's cores
 */
public record Rates(
        double forward,
        double backward,
        Map<String, Double> loss,
        double addedFloat,
        double copiedFloat,
        double update) {

    /** The same, of processors that are {@code factor} times as slow. */
    Rates slowed(double factor) {
        Map<String, Double> slower = new LinkedHashMap<>(loss);
        slower.replaceAll((name, seconds) -> factor * seconds);
        return new Rates(
                factor * forward, factor * backward, slower, factor * addedFloat, factor * copiedFloat, update);
    }
}
