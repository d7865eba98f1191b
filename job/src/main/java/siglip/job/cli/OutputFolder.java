package siglip.job.cli;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.checkpoint.RunIdentity;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsException;
import siglip.job.files.FileSystems;
import siglip.job.report.RunFiles;
import siglip.job.runs.RunFolder;

/** Where a run writes: made before the work, so that a path that will not do costs no training. */
final class OutputFolder {
    private OutputFolder() {}

    /**
     * Makes and claims the folder.
     *
     * @throws SettingsException if there can be no such folder, another driver is at work there, or it holds a run that is to be kept
     */
    static RunFolder open(
            LoadedSettings loaded, Configuration hadoop, RunFolder.Earlier earlier, Consumer<String> messages) {
        Path folder = new Path(loaded.settings().run().folder());
        String why;
        try {
            FileSystem files = FileSystems.of(folder, hadoop);
            if (files.mkdirs(folder)) {
                return RunFolder.open(
                        files,
                        folder,
                        loaded.settings().checkpoint(),
                        RunIdentity.of(loaded.decisive()),
                        earlier,
                        List.of(RunFiles.REPORT, RunFiles.METRICS),
                        messages);
            }
            why = "the file system refused it";
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw new SettingsException(
                List.of("run.out and run.name: cannot make the folder %s: %s".formatted(folder, why)));
    }

    /** @throws SettingsException if there is no file system for the path that a setting or an option names; makes nothing */
    static void check(String named, String path, Configuration hadoop) {
        try {
            FileSystems.of(new Path(path), hadoop);
        } catch (IOException e) {
            throw new SettingsException(List.of("%s: cannot write to %s: %s".formatted(named, path, e.getMessage())));
        }
    }
}
