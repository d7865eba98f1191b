package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.util.Map;
import java.util.regex.Pattern;
import siglip.job.files.Redaction;

/** Settings as text for people and reports, without secrets. */
final class RenderedSettings {
    /** Keys whose values are secrets. A bare {@code key} is the name of a column, and {@code tokens} are those of a caption. */
    private static final Pattern SECRET =
            Pattern.compile("(?i)secret|passw|token(?!s)|credential|(access|api|private|account|encryption)-?key");

    private RenderedSettings() {}

    static Config withoutSecrets(Config settings) {
        Config shown = settings;
        for (Map.Entry<String, ConfigValue> leaf :
                SettingsLayers.leaves(settings.root()).entrySet()) {
            ConfigValue value = leaf.getValue();
            if (value.valueType() == ConfigValueType.NULL) {
                continue;
            }
            if (SECRET.matcher(leaf.getKey()).find()) {
                shown = shown.withValue(leaf.getKey(), ConfigValueFactory.fromAnyRef(Redaction.REDACTED));
            } else if (value.valueType() == ConfigValueType.STRING) {
                String text = value.unwrapped().toString();
                String without = Redaction.of(text);
                if (!without.equals(text)) {
                    shown = shown.withValue(leaf.getKey(), ConfigValueFactory.fromAnyRef(without));
                }
            }
        }
        return shown;
    }

    static String of(Config shown) {
        return shown.root()
                .render(ConfigRenderOptions.defaults()
                        .setOriginComments(false)
                        .setComments(false)
                        .setJson(false));
    }
}
