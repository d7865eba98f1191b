package siglip.job.report;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.ArmMetric;
import siglip.job.figures.RunFigures;

/**
 * A run on the page: its figures, and how they are drawn.
 *
 * @param arms in the order of the settings
 */
record RunView(RunFigures figures, List<ArmView> arms) {
    static RunView of(RunFigures figures) {
        return new RunView(
                figures,
                IntStream.range(0, figures.arms().size())
                        .mapToObj(arm -> new ArmView(
                                "arm" + arm % 6, // colours repeat after six
                                figures.arms().get(arm)))
                        .toList());
    }

    /** A few words of each arm, one after the other. */
    String each(Function<ArmFigures, String> words) {
        return figures.arms().stream().map(words).collect(Collectors.joining(", "));
    }

    /** Whether the ranks of an arm wait for more than half of a step. */
    boolean mostlyWaiting() {
        return figures.arms().stream().anyMatch(arm -> arm.get(ArmMetric.WAITING_SHARE) > 0.5);
    }

    /** The class columns that were evaluated on any set. */
    Set<String> classes() {
        return figures.arms().stream()
                .flatMap(arm -> arm.evaluations().stream())
                .flatMap(evaluation -> evaluation.classAccuracy().keySet().stream())
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
