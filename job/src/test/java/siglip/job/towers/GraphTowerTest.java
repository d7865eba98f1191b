package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.batches.Batch;
import siglip.job.features.PairShape;
import siglip.kernels.blas.Matrix;

/** The towers run by DL4J, against the same oracle as the fast path. */
class GraphTowerTest {
    private static final int ROWS = 11;

    private final Random random = new Random(Cases.SEED);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"relu", "tanh", "gelu"})
    void dl4jComputesWhatTheFastPathComputes(String activation) throws Exception {
        for (PairShape shape : List.of(new PairShape(9, 0), new PairShape(9, 4))) {
            ModelSpec fast = ModelSpec.of(Cases.settings(List.of(7, 4), activation, 0.3), shape);
            ModelSpec slow = ModelSpec.of(
                    Cases.settings(
                            List.of(),
                            "identity",
                            0.3,
                            Optional.of(detour(fast.image(), "image")),
                            Optional.of(detour(fast.text(), "text"))),
                    shape);
            assertThat(slow.fastPath()).isFalse();
            assertThat(slow.layout()).isEqualTo(fast.layout());
            assertThat(slow.decayed()).isEqualTo(fast.decayed());
            Parameters parameters = fast.initial(Cases.SEED);
            Batch batch = Cases.batch(shape, ROWS, random);
            Matrix imageGradient = Cases.random(ROWS, fast.width(), random);
            Matrix textGradient = Cases.random(ROWS, fast.width(), random);

            Pass pass = Pass.run(slow, new NaiveProducts(), parameters, batch, imageGradient, textGradient);

            pass.check(fast, parameters, batch, imageGradient, textGradient);
        }
    }

    /** The same graph with a vertex that changes nothing, which the fast path does not know. */
    private String detour(TowerPlan plan, String name) throws Exception {
        ComputationGraphConfiguration graph = plan.configuration();
        graph.getVertices().put("detour", new ScaleVertex(1));
        graph.getVertexInputs().put("detour", List.of("hidden1"));
        graph.getVertexInputs().put("hidden2", List.of("detour"));
        Path file = folder.resolve(name + ".json");
        Files.writeString(file, graph.toJson());
        return file.toString();
    }
}
