package siglip.job.towers;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import siglip.job.files.FileSystems;

/**
 * A DL4J graph that a user named.
 *
 * @param configuration what it consists of
 * @param parameters its flat vector, if the file held one: training then starts there
 */
record GraphSource(ComputationGraphConfiguration configuration, Optional<float[]> parameters) {

    /** Reads a configuration's JSON, or a model zip of DL4J's ModelSerializer, from any Hadoop path. */
    static GraphSource read(String file, Configuration hadoop) {
        byte[] content;
        Path path = new Path(file);
        try (InputStream in = FileSystems.of(path, hadoop).open(path)) {
            content = in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalArgumentException("Cannot read the graph %s: %s".formatted(file, e.getMessage()), e);
        }
        try {
            return content.length > 1 && content[0] == 'P' && content[1] == 'K' ? zip(content) : json(content);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException(
                    ("Cannot read %s as a DL4J ComputationGraph, neither as the JSON of its configuration nor as a model zip"
                                    + " (turn a MultiLayerNetwork into one with toComputationGraph()): %s")
                            .formatted(file, e.getMessage()),
                    e);
        }
    }

    private static GraphSource json(byte[] content) {
        ComputationGraphConfiguration configuration =
                ComputationGraphConfiguration.fromJson(new String(content, StandardCharsets.UTF_8));
        if (configuration.getNetworkInputs() == null || configuration.getNetworkOutputs() == null) {
            throw new IllegalArgumentException("it names no inputs and outputs");
        }
        return new GraphSource(configuration, Optional.empty());
    }

    private static GraphSource zip(byte[] content) throws IOException {
        ComputationGraph graph = ModelSerializer.restoreComputationGraph(new ByteArrayInputStream(content), false);
        return new GraphSource(graph.getConfiguration(), Optional.of(Nd4jBridge.read(graph.params())));
    }
}
