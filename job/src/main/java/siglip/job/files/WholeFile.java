package siglip.job.files;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a file so that it appears whole or not at all: a reader never finds a part that looks whole.
 *
 * <p>An object store publishes what it has when a stream is closed, also after an error: such a stream is aborted instead. Elsewhere
 * the bytes go to a draft beside the file, are forced to disk, and the draft takes the file's name. The local disk is used without Hadoop's
 * checksum files, which move apart from what they check.
 */
public final class WholeFile {
    private static final Logger LOG = LoggerFactory.getLogger(WholeFile.class);
    private static final int BUFFER = 1 << 16;
    private static final Pattern DRAFT =
            Pattern.compile("\\.(.+)\\.\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12}\\.tmp");

    private WholeFile() {}

    /** Writes the content, and leaves the stream open. */
    public interface Body {
        void write(OutputStream out) throws IOException;
    }

    /**
     * Writes a file, over an older one if there is one.
     *
     * @throws WriteException if the file cannot be written; what was there before is then still there
     */
    public static void write(FileSystem files, Path target, Body body) throws IOException {
        write(files, target, target.getName(), body, true);
    }

    /**
     * Writes a file of a new name.
     *
     * @throws WriteException if the file cannot be written, or there is one; then this one is not there
     */
    public static void create(FileSystem files, Path target, Body body) throws IOException {
        write(files, target, target.getName(), body, false);
    }

    /**
     * The same where others take every file of some names in that folder for their own, however it is called besides.
     *
     * @param drafted name of which the draft is made, in the place of the target's
     */
    public static void create(FileSystem files, Path target, String drafted, Body body) throws IOException {
        write(files, target, drafted, body, false);
    }

    /** The name of the file that a draft, by its name, was to become; a process that is killed leaves its draft. */
    public static Optional<String> ofDraft(String name) {
        Matcher draft = DRAFT.matcher(name);
        return draft.matches() ? Optional.of(draft.group(1)) : Optional.empty();
    }

    /** Hadoop reports a full disk as an error; to callers it is a file that could not be written. */
    private static void write(FileSystem files, Path target, String drafted, Body body, boolean over)
            throws WriteException {
        try {
            put(files, target, drafted, body, over);
        } catch (IOException | FSError e) {
            throw new WriteException(target, e);
        }
    }

    private static void put(FileSystem files, Path target, String drafted, Body body, boolean over) throws IOException {
        if (files.hasPathCapability(target, CommonPathCapabilities.ABORTABLE_STREAM)) {
            publish(
                    files, target,
                    body); // it has nothing that would refuse an older file; new names are unlike any other
            return;
        }
        FileSystem bare = FileSystems.bare(files);
        Path draft = FileSystems.in(target.getParent(), ".%s.%s.tmp".formatted(drafted, UUID.randomUUID()));
        boolean named = false;
        try {
            try (FSDataOutputStream out = bare.create(draft, false)) {
                buffered(out, body);
                out.hsync();
            }
            if (over) {
                replace(bare, draft, target);
            } else {
                rename(bare, draft, target);
            }
            named = true;
        } finally {
            if (!named) {
                deleteQuietly(bare, draft);
            }
        }
    }

    private static void rename(FileSystem files, Path draft, Path target) throws IOException {
        if (files.exists(target)) {
            throw new FileAlreadyExistsException(target.toString());
        }
        move(files, draft, target);
    }

    private static void replace(FileSystem files, Path draft, Path target) throws IOException {
        if (files instanceof RawLocalFileSystem) { // FileContext would delete before it renames there
            move(files, draft, target);
        } else {
            FileContext.getFileContext(target.toUri(), files.getConf()).rename(draft, target, Options.Rename.OVERWRITE);
        }
    }

    private static void move(FileSystem files, Path draft, Path target) throws IOException {
        if (!files.rename(draft, target)) {
            throw new IOException("cannot rename %s to %s".formatted(draft, target));
        }
    }

    /** What cannot be deleted is no reason to hide why the file could not be written. */
    private static void deleteQuietly(FileSystem files, Path draft) {
        try {
            files.delete(draft, false);
        } catch (IOException | FSError e) {
            LOG.debug("Cannot delete the draft {}", draft, e);
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

    private static void buffered(OutputStream out, Body body) throws IOException {
        BufferedOutputStream buffered = new BufferedOutputStream(out, BUFFER);
        body.write(buffered);
        buffered.flush();
    }
}
