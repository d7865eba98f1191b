package siglip.job.runs;

import java.io.IOException;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.checkpoint.CheckpointStore;
import siglip.job.checkpoint.Manifest;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.files.FileSystems;

/** A checkpoint by what people write: its own path, or that of a folder of checkpoints or of a run, of which it is the newest. */
public final class NamedCheckpoint {
    private NamedCheckpoint() {}

    /**
     * @param warnings told of each newer checkpoint that is not whole, and why
     * @throws IOException if there is no whole checkpoint; the message says why
     */
    public static StoredCheckpoint read(String path, Configuration hadoop, Consumer<String> warnings)
            throws IOException {
        Path named = FileSystems.path(path);
        FileSystem there = FileSystems.bare(FileSystems.of(named, hadoop));
        if (there.exists(new Path(named, Manifest.NAME))) {
            Path whole = there.makeQualified(named);
            return new CheckpointStore(there, whole.getParent()).read(whole);
        }
        Path inside = new Path(named, RunFolder.CHECKPOINTS);
        Path root = there.exists(inside) ? inside : named;
        return new CheckpointStore(there, root)
                .newest(warnings)
                .orElseThrow(() -> new IOException("there is no valid checkpoint"));
    }
}
