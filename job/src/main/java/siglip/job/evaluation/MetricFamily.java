package siglip.job.evaluation;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import siglip.job.files.Unit;

/** Metrics that are written side by side, in one cell: {@code R@1 / 5 / 10}. They have one unit. */
public record MetricFamily(List<RetrievalMetric> metrics) {
    /** All metrics, in their order. */
    public static List<MetricFamily> all() {
        Map<String, List<RetrievalMetric>> families = Stream.of(RetrievalMetric.values())
                .collect(Collectors.groupingBy(RetrievalMetric::family, LinkedHashMap::new, Collectors.toList()));
        return families.values().stream().map(MetricFamily::new).toList();
    }

    /** Their names for people. */
    public String label(String between) {
        return metrics.stream()
                .map(RetrievalMetric::member)
                .collect(Collectors.joining(between, metrics.get(0).family(), ""));
    }

    /**
     * What they say, as a sentence.
     *
     * @param queries images, in words
     */
    public String meaning(String queries) {
        return metrics.get(0).meaning(queries);
    }

    /** Their values for people, with one percent sign; {@link Unit#NONE} if none has a value. */
    public String format(String between, ToDoubleFunction<RetrievalMetric> value) {
        if (metrics.stream().allMatch(metric -> Double.isNaN(value.applyAsDouble(metric)))) {
            return Unit.NONE;
        }
        Unit unit = metrics.get(0).unit();
        String sign = Unit.NB + "%";
        String values = metrics.stream()
                .map(metric -> unit.format(value.applyAsDouble(metric)).replace(sign, ""))
                .collect(Collectors.joining(between));
        return unit == Unit.SHARE ? values + sign : values;
    }
}
