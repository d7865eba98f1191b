package siglip.job.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import siglip.job.batches.Batch;
import siglip.job.config.DataSettings.Scaling;
import siglip.job.features.FeatureNames;
import siglip.job.features.FeatureScaling;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.towers.Cases;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Nd4jBridge;
import siglip.job.towers.Parameters;
import siglip.job.towers.Pass;
import siglip.job.towers.ReferenceTowers;
import siglip.kernels.Loss;
import siglip.kernels.LossScalars;
import siglip.kernels.blas.Matrix;

class ModelFilesTest {
    private static final PairShape SHAPE = new PairShape(9, 0);
    private static final LossScalars SCALARS = LossScalars.of(Loss.SIGMOID, Math.log(10) / 3, -Math.E);
    private static final FeatureNames FEATURES = new FeatureNames("pixels", "words");
    private static final int ROWS = 5;
    private static final Centre CENTRE = new Centre(List.of(0.1, -1e-9 / 3), List.of(-0.25, Math.PI));

    private final Random random = new Random(Cases.SEED);
    private final ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "relu", 0.25), SHAPE);
    private final Parameters parameters = spec.initial(Cases.SEED);

    @TempDir
    private java.nio.file.Path folder;

    @BeforeEach
    void save() throws Exception {
        SavedModel model = new SavedModel(
                spec,
                parameters,
                SCALARS,
                FEATURES,
                new PairScaling(
                        new FeatureScaling(Scaling.STANDARDISE, new double[] {0.1, -3e-30}, new double[] {1, 1e9 / 3}),
                        FeatureScaling.UNIT),
                Optional.of(CENTRE));
        ModelFiles.write(new Path(folder.toUri()), new Configuration(), model);
    }

    @Test
    void whatIsReadIsWhatWasWritten() throws Exception {
        SavedModel read = ModelFiles.read(new Path(folder.toUri()), new Configuration());

        assertThat(read.spec().layout()).isEqualTo(spec.layout());
        assertThat(read.spec().width()).isEqualTo(spec.width());
        assertThat(read.spec().fastPath()).isTrue();
        assertThat(read.spec().image().chain()).isEqualTo(spec.image().chain());
        assertThat(read.spec().image().inputDropout()).isEqualTo(0.25);
        assertThat(read.parameters().dense().toArray())
                .isEqualTo(parameters.dense().toArray());
        assertThat(read.parameters().table().toArray())
                .isEqualTo(parameters.table().toArray());
        assertThat(read.scalars()).isEqualTo(SCALARS);
        assertThat(read.features()).isEqualTo(FEATURES);
        assertThat(read.centre()).contains(CENTRE);
        assertThat(read.scaling().image().kind()).isEqualTo(Scaling.STANDARDISE);
        assertThat(read.scaling().image().mean()).containsExactly(0.1, -3e-30);
        assertThat(read.scaling().image().divisor()).containsExactly(1, 1e9 / 3);
        assertThat(read.scaling().text().kind()).isEqualTo(Scaling.UNIT);
    }

    @Test
    void dl4jsOwnReaderOpensTheTowersAndComputesTheSame() throws Exception {
        Batch batch = Cases.batch(SHAPE, ROWS, random);
        ComputationGraph image = ModelSerializer.restoreComputationGraph(new File(folder.toFile(), "image.zip"));

        INDArray output = image.outputSingle(Nd4jBridge.array(batch.images().rows(0, ROWS)));

        Matrix embeddings = Matrix.allocate(ROWS, spec.width());
        Nd4jBridge.read(output.divColumnVector(output.norm2(1)), embeddings);
        Pass.check(
                "image",
                embeddings,
                ReferenceTowers.embed(spec, parameters, batch).images());
    }

    @Test
    void aFolderOfAnOlderFormatIsRefused() throws Exception {
        Files.writeString(folder.resolve("model.json"), "{\"format\": 2}");

        assertThatThrownBy(() -> ModelFiles.read(new Path(folder.toUri()), new Configuration()))
                .hasMessageContaining("format is 2, this program reads 3");
    }

    @Test
    void aDescriptionThatLacksSomethingIsRefused() throws Exception {
        java.nio.file.Path json = folder.resolve("model.json");
        Files.writeString(json, Files.readString(json).replace("\"builtIn\"", "\"built\""));

        assertThatThrownBy(() -> ModelFiles.read(new Path(folder.toUri()), new Configuration()))
                .hasMessageContaining("model.json is damaged")
                .hasMessageContaining("built");
    }

    @Test
    void scalarsOfAnotherLossAreRefused() throws Exception {
        java.nio.file.Path json = folder.resolve("model.json");
        Files.writeString(json, Files.readString(json).replace("\"sigmoid\"", "\"softmax\""));

        assertThatThrownBy(() -> ModelFiles.read(new Path(folder.toUri()), new Configuration()))
                .hasMessageContaining("model.json is damaged")
                .hasMessageContaining("softmax");
    }

    @Test
    void aTowerOfOtherLayersThanDescribedIsRefused() throws Exception {
        java.nio.file.Path json = folder.resolve("model.json");
        String text = Files.readString(json);
        assertThat(text).contains("\"layer\" : \"dense\"");
        Files.writeString(json, text.replace("\"relu\"", "\"tanh\""));

        assertThatThrownBy(() -> ModelFiles.read(new Path(folder.toUri()), new Configuration()))
                .hasMessageContaining("image.zip holds")
                .hasMessageContaining("tanh");
    }

    @Test
    void aTableThatIsCutShortIsRefused() throws Exception {
        java.nio.file.Path table = folder.resolve("table.bin");
        Files.write(table, Arrays.copyOf(Files.readAllBytes(table), 100));

        assertThatThrownBy(() -> ModelFiles.read(new Path(folder.toUri()), new Configuration()))
                .hasMessageContaining("table.bin has 100 bytes");
    }
}
