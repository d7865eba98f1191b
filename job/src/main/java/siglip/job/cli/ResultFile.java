package siglip.job.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;

/**
 * How the job ended, for a program that cannot see its exit code: in cluster deploy mode spark-submit ends with 0 whatever the
 * driver did. One JSON object with {@code exit_code} and {@code message}, written last. Who waits for it gives the run an id, which comes
 * back as {@code id}: a file that an earlier run left at the same place has another.
 *
 * @param path of any Hadoop file system; an earlier file is replaced
 */
record ResultFile(String path, Optional<String> id) {
    static final String OPTION = "--result";
    static final String ID = "--result-id";

    /** The file that the command line names, which may be wrong in every other respect: that is a result too. */
    static Optional<ResultFile> named(String[] args) {
        return value(OPTION, args).map(path -> new ResultFile(path, value(ID, args)));
    }

    private static Optional<String> value(String option, String[] args) {
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
     * @param properties of the Java system; those that begin with {@code spark.hadoop.} configure Hadoop, as in Spark
     * @param message one line
     */
    void write(Map<String, String> properties, int exitCode, String message) throws IOException {
        ObjectNode result = JsonNodeFactory.instance.objectNode();
        result.put("exit_code", exitCode);
        id.ifPresent(given -> result.put("id", given));
        result.put("message", message);
        Path file = new Path(path);
        byte[] line = (result + "\n").getBytes(StandardCharsets.UTF_8);
        WholeFile.write(FileSystems.of(file, FileSystems.configuration(properties)), file, out -> out.write(line));
    }
}
