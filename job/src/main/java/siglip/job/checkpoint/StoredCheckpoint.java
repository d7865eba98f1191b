package siglip.job.checkpoint;

import java.util.List;
import org.apache.hadoop.fs.Path;

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
}
