package siglip.job.config;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * @param settings checked
 * @param rendered all of them as HOCON text that can be loaded again, the root and secrets left out: for reports
 * @param decisive those that decide what is trained, as text by key: a run resumes only where they are as they were
 */
public record LoadedSettings(Settings settings, String rendered, Map<String, String> decisive) {
    public LoadedSettings {
        decisive = Collections.unmodifiableMap(new TreeMap<>(decisive));
    }
}
