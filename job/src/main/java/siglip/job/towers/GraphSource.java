package siglip.job.towers;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import siglip.job.files.FileSystems;

/**
 * A DL4J graph in a file. The file is data, whoever made it: no class is loaded since it is named there, nothing is deserialised by Java, and no
 * more is read than the graph needs.
 *
 * @param configuration what it consists of
 * @param parameters its flat vector, if the file held one: training then starts there
 */
public record GraphSource(ComputationGraphConfiguration configuration, Optional<float[]> parameters) {
    private static final int ZIP = 'P' << 8 | 'K';

    /**
     * Reads a configuration's JSON, or a model zip of DL4J's ModelSerializer, from any Hadoop path.
     *
     * @throws IllegalArgumentException if there is no such file, or it holds anything else
     */
    public static GraphSource read(String file, Configuration hadoop) {
        try (InputStream in = new BufferedInputStream(FileSystems.open(FileSystems.path(file), hadoop))) {
            in.mark(2);
            int first = in.read() << 8 | in.read();
            in.reset();
            return first == ZIP ? ModelZip.read(in) : json(in);
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalArgumentException("Cannot read the graph %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    private static GraphSource json(InputStream in) throws IOException {
        byte[] json = in.readNBytes(GraphJson.MOST_BYTES + 1);
        if (json.length > GraphJson.MOST_BYTES) {
            throw new IllegalArgumentException(
                    "it is no model zip, and longer than the %d bytes that the JSON of a configuration may have"
                            .formatted(GraphJson.MOST_BYTES));
        }
        return new GraphSource(GraphJson.read(json), Optional.empty());
    }
}
