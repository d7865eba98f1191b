package siglip.job.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import org.apache.hadoop.fs.Abortable;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FilterFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** A file system that breaks at a chosen operation or byte: for good, as when its process is killed, or once, as when a disk is full. */
public final class FaultyFiles extends FilterFileSystem {
    /** Where a file appears. */
    public enum Kind {
        /** A file is there from its first byte on; folders are renamed. */
        DISK,
        /** A file appears when its stream is closed, whole; a stream can be aborted. */
        OBJECT_STORE
    }

    /** What happens after the fault. */
    public enum After {
        /** Nothing works any more. */
        DEAD,
        /** Everything else works. */
        ALIVE
    }

    private final Kind kind;
    private final After after;
    private long operationsLeft = Long.MAX_VALUE;
    private long bytesLeft = Long.MAX_VALUE;
    private boolean broken;
    private long operations;
    private long bytes;

    public FaultyFiles(FileSystem files, Kind kind, After after) {
        super(files);
        this.kind = kind;
        this.after = after;
    }

    public FaultyFiles breakingAtOperation(long number) {
        operationsLeft = number;
        return this;
    }

    public FaultyFiles breakingAfterBytes(long number) {
        bytesLeft = number;
        return this;
    }

    /** How many operations there were. */
    long operations() {
        return operations;
    }

    /** How many bytes were written. */
    long bytes() {
        return bytes;
    }

    private void operation() throws IOException {
        operations++;
        if (broken && after == After.DEAD) {
            throw new IOException("killed");
        }
        if (operationsLeft-- == 0) {
            broken = true;
            throw new IOException("broken on purpose");
        }
    }

    @Override
    public boolean hasPathCapability(Path path, String capability) throws IOException {
        return kind == Kind.OBJECT_STORE && capability.equals(CommonPathCapabilities.ABORTABLE_STREAM);
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int bufferSize,
            short replication,
            long blockSize,
            Progressable progress)
            throws IOException {
        operation();
        FSDataOutputStream out = kind == Kind.OBJECT_STORE
                ? new FSDataOutputStream(new Published(path), null)
                : super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
        return new Counted(out);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        operation();
        return super.rename(from, to);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        operation();
        return super.delete(path, recursive);
    }

    @Override
    public boolean mkdirs(Path path) throws IOException {
        operation();
        return super.mkdirs(path);
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        operation();
        return super.listStatus(path);
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        operation();
        return super.open(path, bufferSize);
    }

    /** As Hadoop's local file system reports it, whose constructor is its own. */
    public static FSError fullDisk() {
        try {
            Constructor<FSError> hidden = FSError.class.getDeclaredConstructor(Throwable.class);
            hidden.setAccessible(true);
            return hidden.newInstance(new IOException("No space left on device"));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** An object that is put when its stream is closed. */
    private final class Published extends ByteArrayOutputStream implements Abortable {
        private final Path path;
        private boolean aborted;

        Published(Path path) {
            this.path = path;
        }

        @Override
        public void close() throws IOException {
            if (!aborted) {
                operation();
                try (OutputStream out = fs.create(path, true)) {
                    writeTo(out);
                }
            }
        }

        @Override
        public AbortableResult abort() {
            aborted = true;
            return new AbortableResult() {
                @Override
                public boolean alreadyClosed() {
                    return false;
                }

                @Override
                public IOException anyCleanupException() {
                    return null;
                }
            };
        }
    }

    /** Lets a number of bytes through, and then no more. */
    private final class Counted extends FSDataOutputStream {
        private final FSDataOutputStream target;

        Counted(FSDataOutputStream out) {
            super(out, null);
            target = out;
        }

        @Override
        public synchronized void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public synchronized void write(byte[] from, int offset, int length) throws IOException {
            if (broken && after == After.DEAD) {
                throw new IOException("killed");
            }
            int through = (int) Math.min(length, bytesLeft);
            target.write(from, offset, through);
            bytes += through;
            bytesLeft -= through;
            if (through < length) {
                broken = true;
                bytesLeft = Long.MAX_VALUE;
                throw fullDisk();
            }
        }

        @Override
        public void hsync() throws IOException {
            operation(); // no power is cut here, so that nothing need be forced to the disk
        }

        @Override
        public AbortableResult abort() {
            return target.abort();
        }
    }
}
