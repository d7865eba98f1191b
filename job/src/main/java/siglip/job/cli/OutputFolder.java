package siglip.job.cli;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.config.FileSystems;
import siglip.job.config.RunSettings;
import siglip.job.config.SettingsException;
import siglip.job.report.RunFiles;

/** Where a run writes: made before the work, so that a path that will not do costs no training. */
final class OutputFolder {
    private OutputFolder() {}

    /** What becomes of the files of an earlier run. */
    enum Earlier {
        KEEP,
        OVERWRITE
    }

    /** @throws SettingsException if there can be no such folder, or if it holds a finished run that is to be kept */
    static void make(RunSettings run, Configuration hadoop, Earlier earlier) {
        Path folder = RunFiles.folder(run);
        String why;
        try {
            FileSystem files = FileSystems.of(folder, hadoop);
            if (earlier == Earlier.KEEP && holdsRun(files, folder)) {
                throw new SettingsException(List.of(
                        "%s holds an earlier run: add --overwrite, or name another with --name".formatted(folder)));
            }
            if (files.mkdirs(folder)) {
                return;
            }
            why = "the file system refused it";
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw new SettingsException(
                List.of("run.out and run.name: cannot make the folder %s: %s".formatted(folder, why)));
    }

    /** @throws SettingsException if there is no file system for the folder; makes nothing */
    static void check(RunSettings run, Configuration hadoop) {
        Path folder = RunFiles.folder(run);
        try {
            FileSystems.of(folder, hadoop);
        } catch (IOException e) {
            throw new SettingsException(List.of("run.out: cannot write to %s: %s".formatted(folder, e.getMessage())));
        }
    }

    /** Whether a run ended there: one that failed leaves neither file. */
    private static boolean holdsRun(FileSystem files, Path folder) throws IOException {
        return files.exists(new Path(folder, RunFiles.REPORT)) || files.exists(new Path(folder, RunFiles.METRICS));
    }
}
