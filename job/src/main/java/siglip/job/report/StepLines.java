package siglip.job.report;

import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import siglip.job.comparison.ArmResult;
import siglip.job.training.StepJson;
import siglip.job.training.StepRecord;

/** {@code steps.jsonl}: one step of one arm a line, in the order in which they were done, as {@link StepJson} writes them. */
final class StepLines {
    private StepLines() {}

    /** Writes all arms' steps; the stream stays open. */
    static void write(List<ArmResult> arms, OutputStream out) throws IOException {
        List<StepRecord> steps = new ArrayList<>();
        arms.forEach(arm -> steps.addAll(arm.steps()));
        steps.sort(Comparator.comparingLong(StepRecord::step));
        StepJson.write(steps, out);
    }
}
