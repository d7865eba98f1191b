package siglip.job.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.figures.ArmFigures;
import siglip.job.stability.Statistics;

/**
 * A share that was larger at an earlier evaluation than at the last.
 *
 * @param metric what was measured, in words
 * @param errors how many standard errors the difference is, those of the two shares taken as independent
 */
record Decline(String metric, long bestStep, double best, long lastStep, double last, double errors) {

    /** The decline of an arm on a set that is most standard errors large, if it is more than one. */
    static Optional<Decline> of(ArmFigures arm, HeldOut set) {
        List<Evaluation> evaluations = arm.evaluations().stream()
                .filter(evaluation -> evaluation.set() == set)
                .toList();
        List<Decline> declines = new ArrayList<>();
        metrics(evaluations)
                .forEach((metric, share) -> decline(metric, share, evaluations).ifPresent(declines::add));
        return declines.stream()
                .filter(decline -> decline.errors() > 1)
                .max(Comparator.comparingDouble(Decline::errors));
    }

    private static Map<String, ToDoubleFunction<Evaluation>> metrics(List<Evaluation> evaluations) {
        Map<String, ToDoubleFunction<Evaluation>> metrics = new TreeMap<>();
        for (Direction direction : Direction.values()) {
            metrics.put(
                    "%s, %s,".formatted(RetrievalMetric.R1.label(), direction.label()),
                    evaluation -> evaluation.score(direction).get(RetrievalMetric.R1));
        }
        for (Evaluation evaluation : evaluations) {
            for (String column : evaluation.classAccuracy().keySet()) {
                metrics.put(
                        "Accuracy of " + column, each -> each.classAccuracy().getOrDefault(column, Double.NaN));
            }
        }
        return metrics;
    }

    private static Optional<Decline> decline(
            String metric, ToDoubleFunction<Evaluation> share, List<Evaluation> evaluations) {
        List<Evaluation> measured = evaluations.stream()
                .filter(each -> Double.isFinite(share.applyAsDouble(each)))
                .toList();
        if (measured.isEmpty()) {
            return Optional.empty();
        }
        Evaluation last = measured.get(measured.size() - 1);
        Evaluation best = measured.stream()
                .max(Comparator.comparingDouble(share)
                        .thenComparing(
                                Comparator.comparingLong(Evaluation::step).reversed()))
                .orElse(last);
        double before = share.applyAsDouble(best);
        double after = share.applyAsDouble(last);
        int queries = last.imageToText().queries(); // captions are about as many
        double error = Math.hypot(Statistics.standardError(before, queries), Statistics.standardError(after, queries));
        return Optional.of(new Decline(metric, best.step(), before, last.step(), after, (before - after) / error));
    }
}
