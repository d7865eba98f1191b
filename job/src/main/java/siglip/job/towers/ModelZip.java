package siglip.job.towers;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;

/**
 * A model zip as DL4J's ModelSerializer writes it: the configuration, then the parameters. DL4J itself would read whatever else it finds, a
 * serialised Java object for one; here any other entry is refused by its name. What an entry may unpack to is known before it is read.
 */
final class ModelZip {
    private static final String CONFIGURATION = "configuration.json";
    private static final String COEFFICIENTS = "coefficients.bin";
    /** What an optimizer remembers, which the program does without. */
    private static final String UPDATER = "updaterState.bin";

    private static final Map<String, String> REFUSED = Map.of(
            "preprocessor.bin",
            "it is a serialised Java object, and to read one can mean to run it; save the model without it",
            "normalizer.bin",
            "features are scaled by data.scaling, not by the model; save it without",
            "noParams.marker",
            "the model has no parameters; give its configuration.json instead");

    /** No optimizer of DL4J remembers more arrays as long as the parameters. */
    private static final int UPDATER_ARRAYS = 4;

    private final ZipInputStream zip;
    private Optional<ComputationGraphConfiguration> configuration = Optional.empty();
    private Optional<float[]> parameters = Optional.empty();

    private ModelZip(InputStream in) {
        zip = new ZipInputStream(in);
    }

    /** @throws IllegalArgumentException if it is no such zip, or holds anything else: why, as a clause */
    static GraphSource read(InputStream in) throws IOException {
        try {
            return new ModelZip(in).graph();
        } catch (EOFException e) {
            throw new IllegalArgumentException("the zip ends early", e);
        } catch (ZipException e) {
            throw new IllegalArgumentException("the zip is damaged: " + e.getMessage(), e);
        }
    }

    private GraphSource graph() throws IOException {
        Set<String> seen = new HashSet<>();
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            if (!seen.add(entry.getName())) {
                throw new IllegalArgumentException("its entry %s is there twice".formatted(entry.getName()));
            }
            take(entry.getName());
        }
        if (configuration.isEmpty() || parameters.isEmpty()) {
            throw new IllegalArgumentException(
                    "the zip has no entry %s".formatted(configuration.isEmpty() ? CONFIGURATION : COEFFICIENTS));
        }
        return new GraphSource(configuration.get(), parameters);
    }

    private void take(String name) throws IOException {
        switch (name) {
            case CONFIGURATION -> configuration = Optional.of(configuration());
            case COEFFICIENTS -> {
                parameters = Optional.of(Coefficients.read(zip, count()));
                skip(name, 0);
            }
            case UPDATER -> skip(name, Coefficients.MOST_HEADER + (long) UPDATER_ARRAYS * Float.BYTES * count());
            default -> throw new IllegalArgumentException("its entry %s is not read: %s"
                    .formatted(
                            name,
                            REFUSED.getOrDefault(
                                    name, "a model zip holds %s and %s".formatted(CONFIGURATION, COEFFICIENTS))));
        }
    }

    private ComputationGraphConfiguration configuration() throws IOException {
        byte[] json = zip.readNBytes(GraphJson.MOST_BYTES + 1);
        if (json.length > GraphJson.MOST_BYTES) {
            throw new IllegalArgumentException("its entry %s unpacks to more than the %d bytes that it may have"
                    .formatted(CONFIGURATION, GraphJson.MOST_BYTES));
        }
        return GraphJson.read(json);
    }

    /** Parameters of the configuration, which has to come first. */
    private int count() {
        ComputationGraphConfiguration graph = configuration.orElseThrow(() -> new IllegalArgumentException(
                "its first entry is not %s; write it first, as ModelSerializer does".formatted(CONFIGURATION)));
        long count = 0;
        for (Map.Entry<String, GraphVertex> vertex : graph.getVertices().entrySet()) {
            long more = parameters(vertex.getKey(), vertex.getValue());
            if (more < 0 || more > Integer.MAX_VALUE - count) {
                throw new IllegalArgumentException("vertex '%s' has %d parameters: a tower may have up to %d"
                        .formatted(vertex.getKey(), more, Integer.MAX_VALUE));
            }
            count += more;
        }
        return (int) count;
    }

    private static long parameters(String name, GraphVertex vertex) {
        try {
            return vertex.numParams(true);
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(
                    "vertex '%s' does not say how many parameters it has: %s".formatted(name, e.getMessage()), e);
        }
    }

    /** Reads to the end of the entry without keeping anything. */
    private void skip(String name, long most) throws IOException {
        byte[] chunk = new byte[1 << 16];
        long skipped = 0;
        for (int read = zip.read(chunk); read >= 0; read = zip.read(chunk)) {
            skipped += read;
            if (skipped > most) {
                throw new IllegalArgumentException(
                        "its entry %s unpacks to more than its configuration accounts for".formatted(name));
            }
        }
    }
}
