package siglip.job.planning;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

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

    /** Of each rate the median over several rounds of measuring, the higher of two; at least one. */
    static Rates median(List<Rates> rounds) {
        Map<String, Double> loss = new LinkedHashMap<>();
        rounds.get(0).loss.keySet().forEach(name -> loss.put(name, median(rounds, round -> round.loss.get(name))));
        return new Rates(
                median(rounds, Rates::forward),
                median(rounds, Rates::backward),
                loss,
                median(rounds, Rates::addedFloat),
                median(rounds, Rates::copiedFloat),
                median(rounds, Rates::update));
    }

    private static double median(List<Rates> rounds, ToDoubleFunction<Rates> rate) {
        return rounds.stream().mapToDouble(rate).sorted().toArray()[rounds.size() / 2];
    }

    /** The same, of processors that are {@code factor} times as slow. */
    Rates slowed(double factor) {
        Map<String, Double> slower = new LinkedHashMap<>(loss);
        slower.replaceAll((name, seconds) -> factor * seconds);
        return new Rates(
                factor * forward, factor * backward, slower, factor * addedFloat, factor * copiedFloat, update);
    }
}
