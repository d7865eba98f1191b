package siglip.job.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;

/** The options of commands about a run. */
final class RunOptions {
    @Mixin
    private SettingsOptions settings;

    @Option(names = "--out", paramLabel = "DIR", description = "Short for --set run.out=DIR.")
    private Optional<String> out = Optional.empty();

    @Option(names = "--name", paramLabel = "NAME", description = "Short for --set run.name=NAME.")
    private Optional<String> name = Optional.empty();

    /**
     * The settings of this call.
     *
     * @param others assignments that beat those of {@code --set}
     */
    LoadedSettings load(List<String> others) {
        return SettingsLoader.load(sources(others));
    }

    /** Where they come from, with {@code others} as above. */
    SettingsSources sources(List<String> others) {
        List<String> more = new ArrayList<>(others);
        out.ifPresent(folder -> more.add("run.out=" + folder));
        name.ifPresent(run -> more.add("run.name=" + run));
        return settings.sources(more);
    }
}
