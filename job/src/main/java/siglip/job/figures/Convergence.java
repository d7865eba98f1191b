package siglip.job.figures;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import siglip.job.comparison.ArmResult;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.training.StepRecord;

/**
 * How long an arm took to a level of R@1: to the first evaluation that found at least that. Nothing is interpolated, so that it is known to
 * {@code evaluation.every-steps} at best.
 *
 * @param r1 the level, from 0 to 1
 * @param step completed steps at that evaluation; empty if there is none
 * @param seconds that the arm's own steps took up to there, without the turns of other arms, evaluations and starts of segments; NaN if there is none
 */
public record Convergence(double r1, OptionalLong step, double seconds) {

    /** To each level, in order; of each set that was evaluated and in each direction. */
    static Map<HeldOut, Map<Direction, List<Convergence>>> of(ArmResult arm, List<Integer> percent) {
        Map<HeldOut, Map<Direction, List<Convergence>>> sets = new EnumMap<>(HeldOut.class);
        for (HeldOut set : HeldOut.values()) {
            List<Evaluation> evaluations = arm.evaluations().stream()
                    .filter(evaluation -> evaluation.set() == set)
                    .toList();
            for (Direction direction : evaluations.isEmpty() ? new Direction[0] : Direction.values()) {
                sets.computeIfAbsent(set, key -> new EnumMap<>(Direction.class))
                        .put(
                                direction,
                                percent.stream()
                                        .map(level -> to(level / 100.0, direction, evaluations, arm.steps()))
                                        .toList());
            }
        }
        return sets;
    }

    private static Convergence to(
            double r1, Direction direction, List<Evaluation> evaluations, List<StepRecord> steps) {
        OptionalLong first = evaluations.stream()
                .filter(evaluation -> evaluation.score(direction).get(RetrievalMetric.R1) >= r1)
                .mapToLong(Evaluation::step)
                .min();
        double seconds = first.isEmpty()
                ? Double.NaN
                : steps.stream()
                        .filter(step -> step.step() < first.getAsLong())
                        .mapToDouble(StepRecord::seconds)
                        .sum();
        return new Convergence(r1, first, seconds);
    }
}
