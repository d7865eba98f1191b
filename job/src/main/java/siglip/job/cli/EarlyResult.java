package siglip.job.cli;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;

/**
 * The result of a job that cannot run on what it was started on, in the form of {@code ResultFile}. Compiled for Java 8, like {@link Platform};
 * a file on a local disk is written without Hadoop too.
 */
final class EarlyResult {
    static final String OPTION = "--result";
    static final String ID = "--result-id";

    private static final String START = "{\"exit_code\":";
    private static final Pattern WITH_SCHEME = Pattern.compile("([^/:]+):(?://([^/]*))?(/.*)", Pattern.DOTALL);
    private static final String HADOOP = "spark.hadoop.";

    private EarlyResult() {}

    /** The value of an option on a command line that may be wrong in every other respect. */
    static Optional<String> value(String option, String[] args) {
        for (int i = 0; i < args.length; i++) {
            if (args[i].startsWith(option + "=")) {
                return Optional.of(args[i].substring(option.length() + 1));
            }
            if (args[i].equals(option) && i + 1 < args.length) {
                return Optional.of(args[i + 1]);
            }
        }
        return Optional.empty();
    }

    /**
     * Writes the file, if the command line names one.
     *
     * @throws IOException if it cannot be written, or something lies there that is no result
     */
    static void write(String[] args, int code, String message) throws IOException {
        Optional<String> path = value(OPTION, args);
        if (path.isPresent()) {
            byte[] line = line(code, value(ID, args), message).getBytes(StandardCharsets.UTF_8);
            Optional<File> file = local(path.get());
            if (file.isPresent()) {
                writeLocal(file.get().toPath(), line);
            } else {
                Hadoop.write(path.get(), line);
            }
        }
    }

    private static String line(int code, Optional<String> id, String message) {
        return START + code + id.map(given -> ",\"id\":" + quoted(given)).orElse("") + ",\"message\":" + quoted(message)
                + "}\n";
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            if (letter == '"' || letter == '\\') {
                json.append('\\').append(letter);
            } else if (letter < ' ') {
                json.append(String.format("\\u%04x", (int) letter));
            } else {
                json.append(letter);
            }
        }
        return json.append('"').toString();
    }

    /** The file that a path means, if it is on a local disk; a path without a scheme is, where no Hadoop says otherwise. */
    private static Optional<File> local(String path) throws IOException {
        try {
            return Hadoop.local(path);
        } catch (LinkageError | RuntimeException e) { // there is none, or it cannot run on this Java
            URI uri = uri(path);
            if (uri.getScheme() != null && !uri.getScheme().equals("file")) {
                throw new IOException("Hadoop, which knows that file system, does not run here", e);
            }
            return Optional.of(new File(uri.getPath()));
        }
    }

    /** A scheme ends with a colon and a slash, and any other colon is part of a name. */
    private static URI uri(String path) throws IOException {
        Matcher parts = WITH_SCHEME.matcher(path);
        try {
            return parts.matches()
                    ? new URI(parts.group(1), parts.group(2), parts.group(3), null, null)
                    : new URI(null, null, path.startsWith("/") ? path : "./" + path, null);
        } catch (URISyntaxException e) {
            throw new IOException("it is no path", e);
        }
    }

    private static void writeLocal(Path file, byte[] line) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            boolean plain = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
            if (!plain || (Files.size(file) > 0 && !isResult(Files.newInputStream(file)))) {
                throw new FileAlreadyExistsException("something else lies there, name another file");
            }
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new IOException("it is no file");
        }
        Files.createDirectories(folder);
        Path draft = Files.createTempFile(folder, ".result", ".tmp");
        try {
            Files.write(draft, line);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static boolean isResult(InputStream file) throws IOException {
        try (InputStream in = file) {
            byte[] start = START.getBytes(StandardCharsets.UTF_8);
            for (byte each : start) {
                if (in.read() != each) {
                    return false;
                }
            }
            return true;
        }
    }

    /** What needs Hadoop's classes, which are loaded with this class. */
    private static final class Hadoop {
        private static Optional<File> local(String text) throws IOException {
            org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(uri(text));
            FileSystem files = path.getFileSystem(configuration());
            return files instanceof LocalFileSystem
                    ? Optional.of(((LocalFileSystem) files).pathToFile(path))
                    : Optional.empty();
        }

        private static void write(String text, byte[] line) throws IOException {
            org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(uri(text));
            FileSystem files = path.getFileSystem(configuration());
            if (files.exists(path) && files.getFileStatus(path).getLen() > 0 && !isResult(files.open(path))) {
                throw new FileAlreadyExistsException("something else lies there, name another file");
            }
            try (OutputStream out = files.create(path, true)) {
                out.write(line);
            }
        }

        private static Configuration configuration() {
            Configuration hadoop = new Configuration();
            for (String name : System.getProperties().stringPropertyNames()) {
                if (name.startsWith(HADOOP)) {
                    hadoop.set(name.substring(HADOOP.length()), System.getProperty(name));
                }
            }
            return hadoop;
        }
    }
}
