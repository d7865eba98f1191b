package siglip.job.cli;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import siglip.job.config.RunSettings;
import siglip.job.config.SettingsException;
import siglip.job.report.RunFiles;

/** Where a run writes: made before the work, so that a path that will not do costs no training. */
final class OutputFolder {
    private OutputFolder() {}

    /** @throws SettingsException if there can be no such folder */
    static void make(RunSettings run, Configuration hadoop) {
        Path folder = RunFiles.folder(run);
        String why;
        try {
            if (folder.getFileSystem(hadoop).mkdirs(folder)) {
                return;
            }
            why = "the file system refused it";
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw new SettingsException(
                List.of("run.out and run.name: cannot make the folder %s: %s".formatted(folder, why)));
    }
}
