package siglip.job.checkpoint;

import java.util.Objects;

/**
 * A file of a checkpoint, as its manifest names it.
 *
 * @param path relative to the folder of all checkpoints
 * @param bytes its size
 * @param sha256 of its content, 64 hexadecimal digits
 */
public record StoredFile(String path, long bytes, String sha256) {
    public StoredFile {
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(sha256, "sha256");
    }
}
