package siglip.job.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;

/**
 * How the job ended, for a program that cannot see its exit code: in cluster deploy mode spark-submit ends with 0 whatever the
 * driver did. One JSON object with {@code exit_code} and {@code message}, written last. Who waits for it gives the run an id, which comes
 * back as {@code id}: a file that an earlier run left at the same place has another.
 *
 * @param path of any Hadoop file system; an earlier result is replaced, and nothing else
 */
record ResultFile(String path, Optional<String> id) {
    static final String OPTION = EarlyResult.OPTION;
    static final String ID = EarlyResult.ID;

    private static final String CODE = "exit_code";
    private static final String ID_FIELD = "id";
    private static final String MESSAGE = "message";
    private static final long MOST_BYTES = 1 << 16;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The file that the command line names, which may be wrong in every other respect: that is a result too. */
    static Optional<ResultFile> named(String[] args) {
        return EarlyResult.value(OPTION, args).map(path -> new ResultFile(path, EarlyResult.value(ID, args)));
    }

    /** Why no result can be written there: it is no path, or something lies there that is no result; what cannot be read counts as nothing. */
    Optional<String> refusal(Map<String, String> properties) {
        Path file;
        FileSystem files;
        try {
            file = FileSystems.path(path);
            files = FileSystems.bare(FileSystems.of(file, FileSystems.configuration(properties)));
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
        if (FileSystems.isLink(files, file) || FileSystems.isSpecial(files, file)) {
            return Optional.of("a link, a device or a pipe lies there, name another file");
        }
        try {
            FileStatus there = files.getFileStatus(file);
            boolean taken = there.isDirectory() || there.getLen() > MOST_BYTES || !isResult(files, file);
            return taken ? Optional.of("something else lies there, name another file") : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /**
     * Deletes the result that an earlier attempt of the same driver left: if this one is killed, it must not pass for its end.
     *
     * @param properties see {@link #write}
     */
    void forget(Map<String, String> properties) throws IOException {
        Path file = FileSystems.path(path);
        FileSystem files = FileSystems.bare(FileSystems.of(file, FileSystems.configuration(properties)));
        if (id.isPresent() && files.exists(file)) {
            String left = read(files, file).path(ID_FIELD).asText();
            if (left.equals(id.get()) && !files.delete(file, false)) {
                throw new IOException("cannot delete the result of an earlier attempt");
            }
        }
    }

    private static boolean isResult(FileSystem files, Path file) throws IOException {
        try {
            JsonNode found = read(files, file);
            boolean result = found.path(CODE).isInt() && found.path(MESSAGE).isTextual();
            return result || found.isMissingNode();
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /** A missing node where the file is empty. */
    private static JsonNode read(FileSystem files, Path file) throws IOException {
        try (FSDataInputStream in = files.open(file)) {
            return JSON.readTree(in.readAllBytes());
        }
    }

    /**
     * @param properties of the Java system; those that begin with {@code spark.hadoop.} configure Hadoop, as in Spark
     * @param message one line
     */
    void write(Map<String, String> properties, int exitCode, String message) throws IOException {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put(CODE, exitCode);
        id.ifPresent(given -> result.put(ID_FIELD, given));
        result.put(MESSAGE, message);
        Path file = FileSystems.path(path);
        byte[] line = (result + "\n").getBytes(StandardCharsets.UTF_8);
        WholeFile.write(FileSystems.of(file, FileSystems.configuration(properties)), file, out -> out.write(line));
    }
}
