package siglip.job.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.towers.GraphSource;
import siglip.job.towers.Modality;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.job.towers.TowerPlan;
import siglip.kernels.blas.Matrix;

/**
 * A model as a folder on any Hadoop file system:
 *
 * <pre>
 * image.zip, text.zip  the towers, as DL4J's ModelSerializer writes and reads them; the text tower starts at the sum of a bag's table rows
 * table.bin            the table's rows one after the other, float32, little-endian
 * centre.json          of a model that trained on centred embeddings, what to take from them: {@link Centre}
 * model.json           shapes, layers, the loss and its scalars, what made the features, how they are scaled: {@link ModelDescription}
 * </pre>
 */
public final class ModelFiles {
    private static final int FORMAT = 3;
    private static final String IMAGE = "image.zip";
    private static final String TEXT = "text.zip";
    private static final String TABLE = "table.bin";
    private static final String MODEL = "model.json";

    /** Of models that trained on centred embeddings alone. */
    public static final String CENTRE = "centre.json";

    /** The names of the files of every model. */
    public static final List<String> NAMES = List.of(IMAGE, TEXT, TABLE, MODEL);

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

    private ModelFiles() {}

    /** Writes the files, over older ones; {@code model.json} comes last. */
    public static void write(Path folder, Configuration hadoop, SavedModel model) throws IOException {
        FileSystem files = FileSystems.of(folder, hadoop);
        ModelSpec spec = model.spec();
        Parameters parameters = model.parameters();
        writeGraph(files, new Path(folder, IMAGE), spec.image(), parameters.of(Modality.IMAGE));
        writeGraph(files, new Path(folder, TEXT), spec.text(), parameters.of(Modality.TEXT));
        WholeFile.write(files, new Path(folder, TABLE), out -> Channels.newChannel(out)
                .write(parameters.table().bytes()));
        if (model.centre().isPresent()) {
            byte[] centre = JSON.writerWithDefaultPrettyPrinter()
                    .writeValueAsBytes(model.centre().get());
            WholeFile.write(files, new Path(folder, CENTRE), out -> out.write(centre));
        }
        byte[] json = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(ModelDescription.of(FORMAT, model));
        WholeFile.write(files, new Path(folder, MODEL), out -> out.write(json));
    }

    /**
     * Reads a folder that {@link #write} wrote; the same numbers come back, bit for bit.
     *
     * @throws IOException if a file cannot be read, the format is another, or the files do not belong together
     * @throws IllegalArgumentException if a tower is not what {@link #write} writes
     */
    public static SavedModel read(Path folder, Configuration hadoop) throws IOException {
        FileSystem files = FileSystems.of(folder, hadoop);
        ModelDescription described = describe(folder, files);
        GraphSource image = readGraph(new Path(folder, IMAGE), hadoop);
        GraphSource text = readGraph(new Path(folder, TEXT), hadoop);
        int imageWidth = described.shape().imageWidth();
        int textWidth = ModelSpec.textWidth(described.shape(), described.table());
        ModelSpec spec = ModelSpec.restore(
                described.shape(),
                plan(folder, "image", image, described.image(), imageWidth, described.width()),
                plan(folder, "text", text, described.text(), textWidth, described.width()),
                described.table());
        Path table = new Path(folder, TABLE);
        long bytes =
                (long) Float.BYTES * spec.layout().tableRows() * spec.layout().tableWidth();
        if (files.getFileStatus(table).getLen() != bytes) {
            throw new IOException("Cannot read the model in %s: %s has %d bytes, and by %s it has %d"
                    .formatted(folder, TABLE, files.getFileStatus(table).getLen(), MODEL, bytes));
        }
        Parameters parameters = Parameters.allocate(spec.layout());
        write(image, parameters.of(Modality.IMAGE));
        write(text, parameters.of(Modality.TEXT));
        try (ReadableByteChannel in = Channels.newChannel(files.open(table))) {
            fill(parameters.table().bytes(), in);
        }
        return new SavedModel(
                spec,
                parameters,
                described.lossScalars(),
                described.features(),
                described.scaling(),
                centre(folder, files));
    }

    private static Optional<Centre> centre(Path folder, FileSystem files) throws IOException {
        Path path = new Path(folder, CENTRE);
        if (!files.exists(path)) {
            return Optional.empty();
        }
        try (InputStream in = files.open(path)) {
            return Optional.of(JSON.readValue(in.readAllBytes(), Centre.class));
        } catch (JsonProcessingException e) {
            throw new IOException(
                    "Cannot read the model in %s: %s is damaged: %s".formatted(folder, CENTRE, e.getOriginalMessage()),
                    e);
        }
    }

    private static ModelDescription describe(Path folder, FileSystem files) throws IOException {
        JsonNode json;
        try (InputStream in = files.open(new Path(folder, MODEL))) {
            json = JSON.readTree(in);
        }
        if (json.path("format").asInt() != FORMAT) {
            throw new IOException("Cannot read the model in %s: its format is %s, this program reads %d. Train it again"
                    .formatted(folder, json.path("format"), FORMAT));
        }
        try {
            return JSON.treeToValue(json, ModelDescription.class);
        } catch (JsonProcessingException e) {
            throw new IOException(
                    "Cannot read the model in %s: %s is damaged: %s".formatted(folder, MODEL, e.getOriginalMessage()),
                    e);
        }
    }

    private static TowerPlan plan(
            Path folder, String name, GraphSource graph, ModelDescription.Tower described, int in, int out)
            throws IOException {
        TowerPlan plan =
                TowerPlan.of(name, graph.configuration(), in, out, described.builtIn(), described.inputDropout());
        graph.parameters().ifPresent(plan::checkCount);
        ModelDescription.Tower found = ModelDescription.Tower.of(plan);
        if (!found.equals(described)) {
            throw new IOException("Cannot read the model in %s: %s.zip holds %s, and %s says %s"
                    .formatted(folder, name, found, MODEL, described));
        }
        return plan;
    }

    private static void writeGraph(FileSystem files, Path path, TowerPlan plan, Matrix parameters) throws IOException {
        ComputationGraph graph = plan.graph(parameters);
        WholeFile.write(files, path, out -> ModelSerializer.writeModel(graph, out, false));
    }

    private static GraphSource readGraph(Path path, Configuration hadoop) throws IOException {
        GraphSource graph = GraphSource.read(path.toString(), hadoop);
        if (graph.parameters().isEmpty()) {
            throw new IOException("Cannot read the model: %s has no parameters".formatted(path));
        }
        return graph;
    }

    private static void write(GraphSource graph, Matrix to) {
        float[] parameters = graph.parameters().orElseThrow();
        to.write(0, parameters, 0, parameters.length);
    }

    private static void fill(ByteBuffer to, ReadableByteChannel from) throws IOException {
        while (to.hasRemaining()) {
            if (from.read(to) < 0) {
                throw new EOFException("%s ends %d bytes early".formatted(TABLE, to.remaining()));
            }
        }
    }
}
