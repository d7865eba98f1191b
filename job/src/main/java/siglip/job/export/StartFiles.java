package siglip.job.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.towers.Layer;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.job.towers.TowerPlan;
import siglip.kernels.blas.Matrix;

/**
 * What training starts from, for another program: the initial parameters as raw little-endian arrays, and {@code model.json}, which says where
 * in them the layers lie.
 *
 * <pre>{@code
 * dense.f32   P: both towers. Per layer the weights, out x in, row by row, then the biases
 * table.f32   tableRows x tableWidth; empty where texts are features
 * }</pre>
 */
public final class StartFiles {
    private StartFiles() {}

    /**
     * Writes the initial parameters of a seed, over what is there.
     *
     * @param folder any Hadoop path
     * @throws IllegalArgumentException if a tower is a graph of other layers than dense ones
     */
    public static void write(Configuration hadoop, ModelSpec model, long seed, String folder) {
        if (!model.fastPath()) {
            throw new IllegalArgumentException(
                    "Cannot describe the towers to another program: a named graph is no chain of dense layers."
                            + " Leave towers.image.graph and towers.text.graph unset");
        }
        try {
            Path path = new Path(folder);
            FileSystem files = FileSystems.of(path, hadoop);
            Parameters parameters = model.initial(seed);
            write(files, new Path(path, "dense.f32"), parameters.dense());
            write(files, new Path(path, "table.f32"), parameters.table());
            byte[] json = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(describe(model));
            WholeFile.write(files, new Path(path, "model.json"), out -> out.write(json));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot export to %s: %s".formatted(folder, e.getMessage()), e);
        }
    }

    private static ObjectNode describe(ModelSpec model) {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("width", model.width());
        json.put("tableRows", model.layout().tableRows());
        json.put("tableWidth", model.layout().tableWidth());
        int end = describe(model.image(), 0, json.putObject("image"));
        describe(model.text(), end, json.putObject("text"));
        return json;
    }

    /** Offsets count floats from the start of the flat vector. Returns where the tower ends. */
    private static int describe(TowerPlan tower, int start, ObjectNode json) {
        json.put("inputDropout", tower.inputDropout());
        ArrayNode layers = json.putArray("layers");
        int at = start;
        for (Layer layer : tower.chain()) {
            ObjectNode described = layers.addObject();
            layer.describe(described);
            for (Layer.Part part : layer.parts()) {
                described.put(part.name(), at);
                at += part.size();
            }
        }
        return at;
    }

    private static void write(FileSystem files, Path path, Matrix values) throws IOException {
        try (WritableByteChannel out = Channels.newChannel(files.create(path, true))) {
            out.write(values.bytes());
        }
    }
}
