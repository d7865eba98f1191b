package siglip.job.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.batches.Batch;
import siglip.job.features.PairShape;
import siglip.job.files.OwnFolder;
import siglip.job.towers.Cases;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.job.towers.Pass;
import siglip.job.towers.ReferenceTowers;
import siglip.kernels.blas.Matrix;

class ExportedTowersTest {
    private static final PairShape SHAPE = new PairShape(9, 0);
    private static final int ROWS = 4;

    private final ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7, 8), "relu", 0.25), SHAPE);

    @TempDir
    private Path folder;

    @Test
    void aTowerBuiltFromTheFilesAloneEmbedsAsOurs() throws IOException {
        ExportedTowers.write(folder(), spec, Cases.SEED);
        JsonNode model =
                new ObjectMapper().readTree(folder.resolve("model.json").toFile());
        FloatBuffer dense = read("dense.f32");
        Batch batch = Cases.batch(SHAPE, ROWS, new Random(Cases.SEED));

        Matrix embeddings = Matrix.allocate(ROWS, spec.width());
        for (int i = 0; i < ROWS; i++) {
            double[] x = new double[SHAPE.imageWidth()];
            for (int k = 0; k < x.length; k++) {
                x[k] = batch.images().get(i, k);
            }
            embeddings.write(i * spec.width(), unit(forward(model.get("image"), dense, x)), 0, spec.width());
        }

        Pass.check(
                "image",
                embeddings,
                ReferenceTowers.embed(spec, spec.initial(Cases.SEED), batch).images());
    }

    @Test
    void theFilesHoldAllThatIsLearned() throws IOException {
        ExportedTowers.write(folder(), spec, Cases.SEED);
        JsonNode model =
                new ObjectMapper().readTree(folder.resolve("model.json").toFile());
        Parameters initial = spec.initial(Cases.SEED);

        assertThat(read("dense.f32")).isEqualTo(FloatBuffer.wrap(initial.dense().toArray()));
        assertThat(read("table.f32")).isEqualTo(FloatBuffer.wrap(initial.table().toArray()));
        assertThat(model.get("tableRows").asInt()).isEqualTo(Cases.BUCKETS);
        assertThat(model.get("image").get("inputDropout").asDouble()).isEqualTo(0.25);
        JsonNode last = model.get("text").get("layers").get(2);
        assertThat(last.get("bias").asInt() + last.get("out").asInt())
                .isEqualTo(spec.layout().dense());
    }

    @Test
    void aGraphThatIsNoChainOfDenseLayersIsRefused() throws IOException {
        ComputationGraphConfiguration graph = spec.image().configuration();
        graph.getVertices().put("detour", new ScaleVertex(1));
        graph.getVertexInputs().put("detour", List.of("hidden1"));
        graph.getVertexInputs().put("hidden2", List.of("detour"));
        Path file = folder.resolve("graph.json");
        Files.writeString(file, graph.toJson());
        ModelSpec named = ModelSpec.of(
                Cases.settings(List.of(7, 8), "relu", 0, Optional.of(file.toString()), Optional.empty()), SHAPE);

        assertThatThrownBy(() -> ExportedTowers.write(folder(), named, Cases.SEED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("towers.image.graph");
    }

    private ExportFolder folder() throws IOException {
        return new ExportFolder(OwnFolder.at(new org.apache.hadoop.fs.Path(folder.toString()), new Configuration()));
    }

    private FloatBuffer read(String name) throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(folder.resolve(name)))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
    }

    private static double[] forward(JsonNode tower, FloatBuffer dense, double[] input) {
        double[] x = input;
        for (JsonNode layer : tower.get("layers")) {
            double[] z = new double[layer.get("out").asInt()];
            for (int o = 0; o < z.length; o++) {
                z[o] = dense.get(layer.get("bias").asInt() + o);
                for (int k = 0; k < x.length; k++) {
                    z[o] += x[k] * dense.get(layer.get("weights").asInt() + o * x.length + k);
                }
                z[o] = layer.get("activation").asText().equals("relu") ? Math.max(0, z[o]) : z[o];
            }
            x = z;
        }
        return x;
    }

    private static float[] unit(double[] y) {
        double squares = 0;
        for (double each : y) {
            squares += each * each;
        }
        float[] e = new float[y.length];
        for (int k = 0; k < y.length; k++) {
            e[k] = (float) (y[k] / Math.sqrt(squares));
        }
        return e;
    }
}
