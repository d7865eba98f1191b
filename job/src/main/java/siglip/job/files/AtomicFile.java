package siglip.job.files;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Writes a file of a new name so that it appears whole or not at all.
 *
 * <p>Object stores publish a file when its stream is closed, also after an error: such a stream is aborted instead. Elsewhere the bytes go to a
 * draft beside the file, are forced to disk, and the draft is renamed. The local disk is used without Hadoop's checksum files, which move
 * apart from what they check.
 */
public final class AtomicFile {
    private AtomicFile() {}

    /**
     * Writes {@code target}, which must not exist yet.
     *
     * @throws IOException if it cannot be written; then it is not there
     */
    public static void write(FileSystem files, Path target, WholeFile.Body body) throws IOException {
        if (files.hasPathCapability(target, CommonPathCapabilities.ABORTABLE_STREAM)) {
            WholeFile.write(files, target, body); // each name is new: there is nothing to write over
        } else {
            rename(FileSystems.bare(files), target, body);
        }
    }

    private static void rename(FileSystem files, Path target, WholeFile.Body body) throws IOException {
        Path draft = new Path(target.getParent(), "." + target.getName() + "." + UUID.randomUUID() + ".tmp");
        boolean moved = false;
        try {
            try (FSDataOutputStream out = files.create(draft, false)) {
                WholeFile.buffered(out, body);
                out.hsync();
            }
            if (files.exists(target)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            moved = files.rename(draft, target);
            if (!moved) {
                throw new IOException("cannot rename %s to %s".formatted(draft, target));
            }
        } finally {
            if (!moved) {
                deleteQuietly(files, draft);
            }
        }
    }

    /** What cannot be deleted is no reason to hide why the file could not be written. */
    private static void deleteQuietly(FileSystem files, Path draft) {
        try {
            files.delete(draft, false);
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(AtomicFile.class).debug("Cannot delete the draft {}", draft, e);
        }
    }
}
