package siglip.job.config;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** Finds the Hadoop file system of a path, and says which library is missing where there is none. */
public final class FileSystems {
    private static final String S3A = "org.apache.hadoop:hadoop-aws:3.3.4"; // Spark 3.5 comes with Hadoop 3.3.4

    private FileSystems() {}

    /**
     * @throws UnsupportedFileSystemException if the class path holds no file system for the path
     * @throws IOException if the file system cannot be opened
     */
    public static FileSystem of(Path path, Configuration hadoop) throws IOException {
        try {
            return path.getFileSystem(hadoop);
        } catch (UnsupportedFileSystemException e) {
            throw missing(path, e);
        } catch (RuntimeException e) {
            if (e.getCause() instanceof ClassNotFoundException) {
                throw missing(path, e);
            }
            throw e;
        }
    }

    private static IOException missing(Path path, Exception cause) {
        String scheme = path.toUri().getScheme();
        String library = "s3a".equals(scheme) ? S3A : "the library that has it";
        IOException missing = new UnsupportedFileSystemException(
                "no file system for %s is on the class path: %s is needed (spark-submit --packages)"
                        .formatted(scheme, library));
        missing.initCause(cause);
        return missing;
    }
}
