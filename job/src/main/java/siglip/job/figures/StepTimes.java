package siglip.job.figures;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import siglip.job.training.StepRecord;

/**
 * Where the time of a step goes, by phase and rank: means over the middle half of the steps by duration. Means add up, as
 * medians do not, and the middle half leaves out the warm-up and what disturbed the machine.
 *
 * @param steps how many steps that is
 * @param ranks mean seconds of each phase, in rank order
 */
public record StepTimes(int steps, List<Map<Phase, Double>> ranks) {

    static StepTimes of(List<StepRecord> steps) {
        List<StepRecord> byDuration = steps.stream()
                .sorted(Comparator.comparingDouble(StepRecord::seconds))
                .toList();
        int quarter = steps.size() / 4;
        List<StepRecord> middle = byDuration.subList(quarter, steps.size() - quarter);
        int ranks = middle.stream().mapToInt(step -> step.ranks().size()).max().orElse(0);
        return new StepTimes(
                middle.size(),
                IntStream.range(0, ranks).mapToObj(rank -> means(middle, rank)).toList());
    }

    private static Map<Phase, Double> means(List<StepRecord> steps, int rank) {
        Map<Phase, Double> means = new EnumMap<>(Phase.class);
        for (Phase phase : Phase.values()) {
            double mean = steps.stream()
                    .filter(step -> rank < step.ranks().size())
                    .mapToDouble(step -> phase.seconds(step.ranks().get(rank), step))
                    .average()
                    .orElse(Double.NaN);
            means.put(phase, mean);
        }
        return means;
    }

    /** Mean over the ranks; NaN without ranks. */
    public double seconds(Phase phase) {
        return ranks.stream().mapToDouble(rank -> rank.get(phase)).average().orElse(Double.NaN);
    }

    /** The share of their step in which ranks computed nothing; NaN without ranks. */
    double waitingShare() {
        double all = 0;
        double waiting = 0;
        for (Phase phase : Phase.values()) {
            all += seconds(phase);
            waiting += phase.waiting() ? seconds(phase) : 0;
        }
        return waiting / all;
    }
}
