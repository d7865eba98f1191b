package siglip.job.formats;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.util.SerializableConfiguration;
import siglip.job.files.FileSystems;

/**
 * Reads pictures that rows name, on any Hadoop file system. A relative path starts at the folder of the file that names it, an absolute one without
 * a scheme means that file's own file system. Nothing is fetched from the web.
 */
record PictureFiles(SerializableConfiguration hadoop) implements Serializable {
    /** A larger file is taken for something else. */
    static final int MAX_BYTES = 256 << 20;

    private static final Set<String> WEB = Set.of("http", "https", "ftp", "data");

    /** One letter and a colon is no scheme. */
    private static final Pattern SCHEME = Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]+):.*", Pattern.DOTALL);

    /**
     * The bytes of a picture file.
     *
     * @param address path or address, not escaped: a space is a space, a percent sign a percent sign
     * @param from URI of the file that holds the row
     * @throws InvalidRow if there is no such file, or it cannot be a picture
     * @throws DataException if the file system fails: whether the row is valid remains unknown
     */
    byte[] read(String address, String from) throws InvalidRow {
        Path path = resolve(address, from);
        try {
            FileSystem files = FileSystems.bare(FileSystems.of(path, hadoop.value()));
            FileStatus status = status(files, path);
            if (status.isDirectory()) {
                throw new InvalidRow("picture file is a folder");
            }
            if (status.getLen() > MAX_BYTES) {
                throw new InvalidRow("picture file has more than %d MiB".formatted(MAX_BYTES >> 20));
            }
            byte[] bytes = new byte[(int) status.getLen()];
            if (bytes.length == 0) {
                return bytes; // not opened: a pipe has no length either, and waits for its other end
            }
            try (FSDataInputStream in = files.open(path)) {
                in.readFully(bytes);
            }
            return bytes;
        } catch (UnsupportedFileSystemException e) {
            throw new InvalidRow("picture file cannot be read: " + e.getMessage());
        } catch (IOException e) {
            throw new DataException("Cannot read the picture %s, which %s names: %s".formatted(path, from, e), e);
        }
    }

    private static FileStatus status(FileSystem files, Path path) throws IOException, InvalidRow {
        try {
            return files.getFileStatus(path);
        } catch (FileNotFoundException e) {
            throw new InvalidRow("picture file not found");
        }
    }

    /** The path that an address means in a row of a file. */
    static Path resolve(String address, String from) throws InvalidRow {
        if (address.isBlank()) {
            throw new InvalidRow("no image");
        }
        try {
            Matcher scheme = SCHEME.matcher(address);
            if (scheme.matches() && WEB.contains(scheme.group(1).toLowerCase(Locale.ROOT))) {
                throw new InvalidRow(
                        "picture is an address of the web (%s), which is never fetched: download the pictures first, for example with img2dataset"
                                .formatted(scheme.group(1).toLowerCase(Locale.ROOT)));
            }
            if (scheme.matches() && !address.startsWith("/")) {
                Path path = new Path(address);
                if (path.isAbsolute()) {
                    return path;
                } // else a relative name that holds a colon
            }
            URI file = URI.create(from);
            if (address.startsWith("/")) {
                return new Path(file.getScheme(), file.getAuthority(), address);
            }
            if (file.isOpaque()) {
                throw new InvalidRow(
                        "picture path is relative, and a table lies in no folder that it could start from");
            }
            Path folder = new Path(file).getParent();
            return new Path(
                    file.getScheme(), file.getAuthority(), folder.toUri().getPath() + "/" + address);
        } catch (IllegalArgumentException e) {
            throw new InvalidRow("picture path cannot be understood");
        }
    }
}
