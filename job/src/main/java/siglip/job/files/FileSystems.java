package siglip.job.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
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
    private static final Set<String> WEB = Set.of("http", "https");
    private static final Pattern NAME_WITH_COLON = Pattern.compile("[^/:]+:(?!/).*", Pattern.DOTALL);

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
     * What a person means by a path: a scheme ends with a colon and a slash, and any other colon is part of a name.
     *
     * @throws IOException if it is none
     */
    public static Path path(String text) throws IOException {
        try {
            return new Path(NAME_WITH_COLON.matcher(text).matches() ? "./" + text : text);
        } catch (IllegalArgumentException e) {
            String why = text.isEmpty()
                    ? "it is empty"
                    : "a path is like dir/file, /dir/file or SCHEME://host/dir/file (%s)".formatted(e.getMessage());
            throw new IOException("this is no path: " + why, e);
        }
    }

    /**
     * A file or folder in another.
     *
     * @param name of its own, which may hold colons
     */
    public static Path in(Path folder, String name) {
        return new Path(folder, "./" + name);
    }

    /** Reads a file from its start. On a local disk, no checksum file beside it is asked for. */
    public static InputStream open(Path path, Configuration hadoop) throws IOException {
        return bare(of(path, hadoop)).open(path);
    }

    /**
     * @throws UnsupportedFileSystemException if the class path holds no file system for the path, or files cannot be kept there
     * @throws IOException if the file system cannot be opened, or cannot name the path
     */
    public static FileSystem of(Path path, Configuration hadoop) throws IOException {
        String scheme = path.toUri().getScheme();
        if (scheme != null && WEB.contains(scheme)) {
            throw new UnsupportedFileSystemException(
                    "%s is of the web, which is neither read nor written: download it and name the file, or name a path on a disk or a store such as hdfs or s3a"
                            .formatted(scheme));
        }
        FileSystem files = find(path, hadoop);
        if (bare(files) instanceof RawLocalFileSystem) {
            refuseUnnamable(path, System.getProperty("sun.jnu.encoding", "UTF-8"));
        }
        return files;
    }

    /** @param encoding that Java gives names of files to the system in, which follows from the locale */
    static void refuseUnnamable(Path path, String encoding) throws IOException {
        if (!Charset.forName(encoding).newEncoder().canEncode(path.toUri().getPath())) {
            throw new IOException(
                    "Java takes names of files for %s here, which lacks a letter of it: set LC_ALL=C.UTF-8 in the environment"
                            .formatted(encoding));
        }
    }

    private static FileSystem find(Path path, Configuration hadoop) throws IOException {
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

    /** Whether something lies at a path that is neither file nor folder: on a local disk, a device, a pipe or a socket. Links are followed. */
    public static boolean isSpecial(FileSystem files, Path path) {
        if (bare(files) instanceof RawLocalFileSystem local) {
            java.nio.file.Path here = local.pathToFile(path).toPath();
            return Files.exists(here) && !Files.isRegularFile(here) && !Files.isDirectory(here);
        }
        return false;
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
