package siglip.job.cli;

import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import siglip.job.checkpoint.FaultyFiles;

/** The local disk under {@code full:///}, which has no room for files of which the path contains a text. */
public final class FullDisk extends RawLocalFileSystem {
    /** Tells Spark of it. */
    static final String PROPERTY = "spark.hadoop.fs.full.impl";

    private static final URI NAME = URI.create("full:///");

    /** Files that there is no room for; none if empty. */
    static volatile String without = "";

    @Override
    public URI getUri() {
        return NAME;
    }

    @Override
    public String getScheme() {
        return NAME.getScheme();
    }

    @Override
    public FSDataOutputStream create(
            Path path, boolean overwrite, int buffer, short replication, long block, Progressable progress)
            throws IOException {
        return filling(path, super.create(path, overwrite, buffer, replication, block, progress));
    }

    @Override
    public FSDataOutputStream create(
            Path path,
            FsPermission permission,
            boolean overwrite,
            int buffer,
            short replication,
            long block,
            Progressable progress)
            throws IOException {
        return filling(path, super.create(path, permission, overwrite, buffer, replication, block, progress));
    }

    private static FSDataOutputStream filling(Path path, FSDataOutputStream out) throws IOException {
        if (without.isEmpty() || !path.toString().contains(without)) {
            return out;
        }
        return new FSDataOutputStream(out, null) {
            @Override
            public synchronized void write(byte[] bytes, int offset, int length) {
                throw FaultyFiles.fullDisk();
            }
        };
    }
}
