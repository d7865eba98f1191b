package siglip.job.comparison;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.job.config.Settings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Gallery;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.training.StepRecord;

/**
 * All that a finished run knows about itself: what the report shows and {@code metrics.json} holds.
 *
 * @param settings of the run, checked
 * @param renderedSettings the same as HOCON text, secrets left out
 * @param started when
 * @param took from start to the end of the last evaluation
 * @param arms in the order of the settings
 * @param steps of all arms, in the order in which they were done
 * @param data facts about the data, in reading order: path, kept and skipped rows with reasons, fingerprint, sets and their sizes
 * @param environment facts about machine and software, in reading order: processor, cores, Java, Spark, master, heap ...
 * @param numerics what computed, the same on all ranks: products, precision, elementwise, tile
 * @param nearestNeighbour image to text on raw features for each held-out set, when asked for
 * @param gallery what the arms found for a few queries at the end
 * @param incidents what went wrong and was mended, in order: attempts that failed, and who was the culprit
 */
public record ComparisonResult(
        Settings settings,
        String renderedSettings,
        Instant started,
        Duration took,
        List<ArmResult> arms,
        List<StepRecord> steps,
        Map<String, String> data,
        Map<String, String> environment,
        Map<String, String> numerics,
        Map<HeldOut, RetrievalScore> nearestNeighbour,
        Optional<Gallery> gallery,
        List<String> incidents) {}
