package siglip.job.cli;

import java.util.stream.Collectors;
import siglip.job.figures.RunFigures;

/** A run came to its end, and none of its arms did. */
final class NoResultException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoResultException(RunFigures figures) {
        super("No arm finished: "
                + figures.arms().stream()
                        .map(arm -> "%s: %s".formatted(arm.name(), arm.stopped().orElseThrow()))
                        .collect(Collectors.joining(". "))
                + (hasMoved(figures) ? ". A lower training.learning-rate or a training.clip-norm may help" : ""));
    }

    /** @param runs of a study, none of which had an arm that finished */
    NoResultException(int runs) {
        super("No arm of any of %,d runs finished. A lower training.learning-rate or a training.clip-norm may help"
                .formatted(runs));
    }

    /** What stopped at step 0 has not been trained: no rate would help. */
    private static boolean hasMoved(RunFigures figures) {
        return figures.arms().stream().allMatch(arm -> arm.stoppedAt().orElse(0) > 0);
    }
}
