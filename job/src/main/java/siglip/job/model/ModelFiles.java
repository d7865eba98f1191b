package siglip.job.model;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import siglip.job.config.TowerSettings;
import siglip.job.features.FeatureScaling;
import siglip.job.features.PairShape;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.towers.Modality;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Nd4jBridge;
import siglip.job.towers.Parameters;
import siglip.job.towers.TowerPlan;
import siglip.kernels.Loss;
import siglip.kernels.LossScalars;
import siglip.kernels.blas.Matrix;

/**
 * A model as a folder on any Hadoop file system:
 *
 * <pre>
 * image.zip, text.zip  the towers, as DL4J's ModelSerializer writes and reads them; the text tower starts at the sum of a bag's table rows
 * table.bin            the table's rows one after the other, float32, little-endian
 * model.json           shapes, the loss and its scalars, and how image features are scaled
 * </pre>
 */
public final class ModelFiles {
    private static final int FORMAT = 2;
    private static final String IMAGE = "image.zip";
    private static final String TEXT = "text.zip";
    private static final String TABLE = "table.bin";
    private static final String MODEL = "model.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    private ModelFiles() {}

    /** Writes the files, over older ones; {@code model.json} comes last. */
    public static void write(Path folder, Configuration hadoop, SavedModel model) throws IOException {
        FileSystem files = FileSystems.of(folder, hadoop);
        files.mkdirs(folder);
        ModelSpec spec = model.spec();
        writeGraph(
                files, new Path(folder, IMAGE), spec.image(), model.parameters().of(Modality.IMAGE));
        writeGraph(
                files, new Path(folder, TEXT), spec.text(), model.parameters().of(Modality.TEXT));
        WholeFile.write(
                files,
                new Path(folder, TABLE),
                out -> copy(model.parameters().table().bytes(), out));
        byte[] json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(describe(model));
        WholeFile.write(files, new Path(folder, MODEL), out -> out.write(json));
    }

    /** Reads a folder that {@link #write} wrote; the same numbers come back, bit for bit. */
    public static SavedModel read(Path folder, Configuration hadoop) throws IOException {
        FileSystem files = FileSystems.of(folder, hadoop);
        JsonNode json;
        try (InputStream in = files.open(new Path(folder, MODEL))) {
            json = JSON.readTree(in);
        }
        if (json.path("format").asInt() != FORMAT) {
            throw new IOException("Cannot read the model in %s: its format is %s, this program reads %d"
                    .formatted(folder, json.path("format"), FORMAT));
        }
        ComputationGraph image = readGraph(files, new Path(folder, IMAGE));
        ComputationGraph text = readGraph(files, new Path(folder, TEXT));
        PairShape shape = new PairShape(
                json.get("imageWidth").asInt(), json.get("textWidth").asInt());
        TowerSettings.Table table = new TowerSettings.Table(
                json.get("tableRows").asInt(),
                json.get("tableWidth").asInt(),
                json.get("tableDeviation").asDouble());
        int width = json.get("width").asInt();
        ModelSpec spec = ModelSpec.restore(
                shape,
                plan("image", image, json, shape.imageWidth(), width),
                plan("text", text, json, ModelSpec.textWidth(shape, table), width),
                table);
        Parameters parameters = Parameters.allocate(spec.layout());
        fill(parameters.of(Modality.IMAGE), image);
        fill(parameters.of(Modality.TEXT), text);
        try (DataInputStream in = new DataInputStream(files.open(new Path(folder, TABLE)))) {
            fill(parameters.table(), in);
        }
        return new SavedModel(
                spec,
                parameters,
                LossScalars.of(
                        Loss.of(json.get("loss").asText()),
                        JSON.convertValue(json.get("scalars"), new TypeReference<Map<String, Double>>() {})),
                new FeatureScaling(floats(json.get("featureMean")), floats(json.get("featureDeviation"))));
    }

    private static TowerPlan plan(String name, ComputationGraph graph, JsonNode json, int in, int out) {
        JsonNode side = json.get(name);
        return TowerPlan.of(
                name,
                graph.getConfiguration(),
                in,
                out,
                side.get("builtIn").asBoolean(),
                side.get("inputDropout").asDouble());
    }

    private static ObjectNode describe(SavedModel model) {
        ModelSpec spec = model.spec();
        ObjectNode json = JSON.createObjectNode();
        json.put("format", FORMAT);
        json.put("width", spec.width());
        json.put("imageWidth", spec.shape().imageWidth());
        json.put("textWidth", spec.shape().textWidth());
        json.put("tableRows", spec.layout().tableRows());
        json.put("tableWidth", spec.layout().tableWidth());
        json.put("tableDeviation", spec.table().deviation());
        describe(spec.image(), json.putObject("image"));
        describe(spec.text(), json.putObject("text"));
        json.put("loss", model.scalars().loss().id());
        json.putPOJO("scalars", model.scalars().named());
        put(model.scaling().mean(), json.putArray("featureMean"));
        put(model.scaling().deviation(), json.putArray("featureDeviation"));
        return json;
    }

    private static void describe(TowerPlan plan, ObjectNode json) {
        json.put("parameters", plan.parameters());
        json.put("inputDropout", plan.inputDropout());
        json.put("builtIn", plan.builtIn());
    }

    private static void writeGraph(FileSystem files, Path path, TowerPlan plan, Matrix parameters) throws IOException {
        ComputationGraph graph = plan.graph(parameters);
        WholeFile.write(files, path, out -> ModelSerializer.writeModel(graph, out, false));
    }

    private static ComputationGraph readGraph(FileSystem files, Path path) throws IOException {
        try (InputStream in = files.open(path)) {
            return ModelSerializer.restoreComputationGraph(in, false);
        }
    }

    private static void fill(Matrix to, ComputationGraph graph) {
        to.write(0, Nd4jBridge.read(graph.params()), 0, to.size());
    }

    private static void copy(ByteBuffer from, OutputStream to) throws IOException {
        byte[] chunk = new byte[1 << 16];
        while (from.hasRemaining()) {
            int count = Math.min(chunk.length, from.remaining());
            from.get(chunk, 0, count);
            to.write(chunk, 0, count);
        }
    }

    private static void fill(Matrix to, DataInputStream from) throws IOException {
        ByteBuffer bytes = to.bytes();
        byte[] chunk = new byte[1 << 16];
        while (bytes.hasRemaining()) {
            int count = Math.min(chunk.length, bytes.remaining());
            from.readFully(chunk, 0, count);
            bytes.put(chunk, 0, count);
        }
    }

    private static void put(float[] values, ArrayNode to) {
        for (float value : values) {
            to.add(value);
        }
    }

    private static float[] floats(JsonNode from) {
        float[] values = new float[from.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = from.get(i).floatValue();
        }
        return values;
    }
}
