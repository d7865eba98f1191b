package siglip.job.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.UUID;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Writes a file, over an older one, so that a reader finds the old or the new one, and never a part that looks whole.
 *
 * <p>An object store publishes what it has when a stream is closed, also after an error: such a stream is aborted instead. Elsewhere
 * the bytes go to a draft beside the file, which then takes its name. The local disk is used without Hadoop's checksum files.
 */
public final class WholeFile {
    private static final int BUFFER = 1 << 16;

    private WholeFile() {}

    /** Writes the content, and leaves the stream open. */
    public interface Body {
        void write(OutputStream out) throws IOException;
    }

    /** @throws IOException if the file cannot be written; what was there before is then still there */
    public static void write(FileSystem files, Path target, Body body) throws IOException {
        if (files.hasPathCapability(target, CommonPathCapabilities.ABORTABLE_STREAM)) {
            publish(files, target, body);
            return;
        }
        FileSystem bare = FileSystems.bare(files);
        Path draft = new Path(target.getParent(), ".%s.%s.tmp".formatted(target.getName(), UUID.randomUUID()));
        try {
            try (FSDataOutputStream out = bare.create(draft, false)) {
                buffered(out, body);
            }
            if (bare instanceof RawLocalFileSystem) { // FileContext would delete before it renames there
                if (!bare.rename(draft, target)) {
                    throw new IOException("cannot rename %s to %s".formatted(draft, target));
                }
            } else {
                FileContext.getFileContext(target.toUri(), files.getConf())
                        .rename(draft, target, Options.Rename.OVERWRITE);
            }
        } finally {
            bare.delete(draft, false);
        }
    }

    private static void publish(FileSystem files, Path target, Body body) throws IOException {
        FSDataOutputStream out = files.create(target, true);
        boolean written = false;
        try {
            buffered(out, body);
            written = true;
        } finally {
            if (written) {
                out.close();
            } else {
                out.abort();
            }
        }
    }

    /** Writes the content through a buffer, and leaves the stream open. */
    public static void buffered(OutputStream out, Body body) throws IOException {
        BufferedOutputStream buffered = new BufferedOutputStream(out, BUFFER);
        body.write(buffered);
        buffered.flush();
    }
}
