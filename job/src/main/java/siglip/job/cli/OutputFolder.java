package siglip.job.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.checkpoint.RunIdentity;
import siglip.job.comparison.Comparison;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.files.Earlier;
import siglip.job.files.FileSystems;
import siglip.job.files.OwnFolder;
import siglip.job.files.TakenException;
import siglip.job.report.RunFiles;
import siglip.job.report.StudyFiles;
import siglip.job.runs.RunFolder;

/** Where a command writes: made before the work, so that a path that will not do costs no training. */
final class OutputFolder {
    private OutputFolder() {}

    /**
     * Makes and claims the folder of a run.
     *
     * @throws SettingsException if there can be no such folder, another driver is at work there, it holds a run that is to be kept, or
     *     somebody else's file has a name that the run needs
     */
    static RunFolder open(LoadedSettings loaded, Configuration hadoop, Earlier earlier, Consumer<String> messages) {
        Settings settings = loaded.settings();
        String why;
        try {
            Path folder = FileSystems.path(settings.run().folder());
            FileSystem files = FileSystems.of(folder, hadoop);
            if (files.mkdirs(folder)) {
                return RunFolder.open(
                        files,
                        folder,
                        settings.checkpoint(),
                        RunIdentity.of(loaded, hadoop),
                        earlier,
                        Stream.concat(RunFiles.NAMES.stream(), Comparison.results(settings).stream())
                                .toList(),
                        messages);
            }
            why = "the file system refused it";
        } catch (TakenException e) {
            throw new SettingsException(List.of("run.out and run.name: " + e.getMessage()));
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw new SettingsException(List.of("run.out and run.name: cannot make the folder %s: %s"
                .formatted(settings.run().folder(), why)));
    }

    /**
     * Takes the names of a study's own files in its folder.
     *
     * @throws SettingsException if there can be no such folder, or somebody else's file has one of the names
     */
    static void takeStudy(Settings settings, Configuration hadoop) {
        try {
            StudyFiles.take(settings.run().folder(), hadoop);
        } catch (TakenException e) {
            throw new SettingsException(List.of("run.out and run.name: " + e.getMessage()));
        } catch (IOException e) {
            throw new SettingsException(List.of("run.out and run.name: cannot make the folder %s: %s"
                    .formatted(settings.run().folder(), e.getMessage())));
        }
    }

    /**
     * Makes the folder that {@code --out} names, which is to hold the files of one call and nothing else.
     *
     * @throws SettingsException if there can be no such folder, it holds something that this program did not write, or what an earlier call
     *     wrote and this one may not replace
     */
    static OwnFolder claim(String path, Configuration hadoop, Earlier earlier) {
        String why;
        try {
            Path folder = FileSystems.path(path);
            FileSystem files = FileSystems.of(folder, hadoop);
            OwnFolder own = OwnFolder.at(folder, files);
            own.refuseOthers();
            Optional<String> first = own.first();
            if (first.isPresent() && earlier == Earlier.KEEP) {
                why = "it holds %s of an earlier call: add --overwrite, or name another folder".formatted(first.get());
            } else if (files.mkdirs(folder)) {
                return own;
            } else {
                why = "the file system refused to make it";
            }
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw new SettingsException(List.of("--out: cannot write to %s: %s".formatted(path, why)));
    }

    /** @throws SettingsException if there is no file system for the path of a run; makes nothing */
    static void check(String path, Configuration hadoop) {
        try {
            FileSystems.of(FileSystems.path(path), hadoop);
        } catch (IOException e) {
            throw new SettingsException(List.of("run.out: cannot write to %s: %s".formatted(path, e.getMessage())));
        }
    }
}
