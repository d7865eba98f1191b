package siglip.job.checkpoint;

import java.util.List;
import java.util.function.Function;
import org.apache.hadoop.fs.Path;
import siglip.job.config.SettingsException;
import siglip.job.failures.FirstLine;

/**
 * A checkpoint that was read and found valid.
 *
 * @param path its folder
 * @param checkpoint its content, with all steps
 * @param stepFiles the files that hold the steps
 */
public record StoredCheckpoint(Path path, Checkpoint checkpoint, List<StoredFile> stepFiles) {
    public StoredCheckpoint {
        stepFiles = List.copyOf(stepFiles);
    }

    public long step() {
        return checkpoint.training().step();
    }

    /**
     * Makes something of the content. Its hashes are right, but whoever may write to the folder may have written it.
     *
     * @throws SettingsException if it is not what this program writes
     */
    public <T> T take(Function<Checkpoint, T> use) {
        try {
            return use.apply(checkpoint);
        } catch (IllegalArgumentException | IndexOutOfBoundsException | NullPointerException e) {
            SettingsException refused = new SettingsException(List.of(
                    "checkpoint.resume: cannot go on from %s, which holds what this program does not write: %s. Remove it, and the run goes on from the one before"
                            .formatted(path, FirstLine.of(e))));
            refused.initCause(e);
            throw refused;
        }
    }
}
