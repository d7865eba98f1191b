package siglip.job.files;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** Finds the Hadoop file system of a path, and says which library is missing where there is none. */
public final class FileSystems {
    private static final String S3A = "org.apache.hadoop:hadoop-aws:3.3.4"; // Spark 3.5 comes with Hadoop 3.3.4
    private static final String HADOOP = "spark.hadoop.";

    private FileSystems() {}

    /**
     * The configuration of Hadoop before there is a Spark session.
     *
     * @param properties of the Java system; those that begin with {@code spark.hadoop.} are set, as Spark does
     */
    public static Configuration configuration(Map<String, String> properties) {
        Configuration hadoop = new Configuration();
        properties.forEach((name, value) -> {
            if (name.startsWith(HADOOP)) {
                hadoop.set(name.substring(HADOOP.length()), value);
            }
        });
        return hadoop;
    }

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

    /** The same, on a local disk without the checksum files that Hadoop would put beside each. */
    public static FileSystem bare(FileSystem files) {
        return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
    }

    /** Whether a path is a link, which Hadoop would follow; only local disks have such. */
    public static boolean isLink(FileSystem files, Path path) {
        return bare(files) instanceof RawLocalFileSystem local
                && Files.isSymbolicLink(local.pathToFile(path).toPath());
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
