package siglip.job.report;

import java.util.List;
import java.util.function.ToDoubleFunction;
import siglip.job.figures.ArmFigures;
import siglip.job.training.StepRecord;

/**
 * An arm on the page.
 *
 * @param colour class of the style sheet
 */
record ArmView(String colour, ArmFigures figures) {
    String name() {
        return figures.name();
    }

    List<StepRecord> steps() {
        return figures.result().steps();
    }

    /** One value a step, in order. */
    double[] values(ToDoubleFunction<StepRecord> value) {
        return figures.result().values(value);
    }
}
