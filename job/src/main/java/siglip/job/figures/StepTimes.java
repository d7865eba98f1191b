package siglip.job.figures;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import siglip.job.stage.PhaseSeconds;
import siglip.job.training.StepRecord;

/**
 * Where the time of a step goes, by phase and rank: means over the middle half of the steps by duration. Means add up, as
 * medians do not, and the middle half leaves out the warm-up and what disturbed the machine.
 *
 * @param ranks mean seconds of each phase, in rank order
 */
public record StepTimes(List<PhaseSeconds> ranks) {

    public static StepTimes of(List<StepRecord> steps) {
        List<StepRecord> byDuration = steps.stream()
                .sorted(Comparator.comparingDouble(StepRecord::seconds))
                .toList();
        int quarter = steps.size() / 4;
        List<StepRecord> middle = byDuration.subList(quarter, steps.size() - quarter);
        int ranks = middle.stream().mapToInt(step -> step.ranks().size()).max().orElse(0);
        return new StepTimes(
                IntStream.range(0, ranks).mapToObj(rank -> means(middle, rank)).toList());
    }

    private static PhaseSeconds means(List<StepRecord> steps, int rank) {
        return PhaseSeconds.of(phase -> steps.stream()
                .filter(step -> rank < step.ranks().size())
                .mapToDouble(step -> step.ranks().get(rank).seconds().get(phase))
                .average()
                .orElse(Double.NaN));
    }

    /** Mean over the ranks; NaN without ranks. */
    public PhaseSeconds mean() {
        return PhaseSeconds.of(phase ->
                ranks.stream().mapToDouble(rank -> rank.get(phase)).average().orElse(Double.NaN));
    }

    /** The share of their step in which ranks computed nothing; NaN without ranks. */
    double waitingShare() {
        PhaseSeconds mean = mean();
        return mean.waiting() / mean.total();
    }
}
