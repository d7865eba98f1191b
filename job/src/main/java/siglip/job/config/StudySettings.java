package siglip.job.config;

import java.util.List;
import java.util.OptionalDouble;

/**
 * What is varied in a study.
 *
 * @param seeds how many; the first is {@code run.seed}
 * @param margin differences of R@1 below it are of no account: a share above 0; empty if nobody has said so
 * @param axes settings that take several values; all combinations are run
 */
public record StudySettings(int seeds, OptionalDouble margin, List<Axis> axes) {
    public StudySettings {
        axes = List.copyOf(axes);
    }

    /**
     * @param key of the setting
     * @param values as text, the same for the same value however it was written; different from each other
     */
    public record Axis(String key, List<String> values) {
        public Axis {
            values = List.copyOf(values);
        }
    }
}
