package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.weightnoise.DropConnect;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.Adam;
import siglip.job.features.PairShape;

/** Graphs that users name: what is taken, and what is refused with which hint. */
class GraphRulesTest {
    private static final int IN = 9;
    private static final int OUT = 5; // towers.width of the cases

    @TempDir
    private Path folder;

    @Test
    void whatWorksAcrossTheBatchIsRefused() {
        refused(graph().addLayer("x", new BatchNormalization(), "a"), "layer 'x' normalises over the batch");
    }

    @Test
    void dropoutLayersAreRefusedWithAHintToOurs() {
        refused(graph().addLayer("x", new DropoutLayer(0.5), "a"), "input-dropout");
        refused(graph().addLayer("x", dense().dropOut(0.5).build(), "a"), "input-dropout");
    }

    @Test
    void anOptimizerOfItsOwnIsRefusedWithAHintToOurs() {
        refused(graph().addLayer("x", dense().updater(new Adam(1e-3)).build(), "a"), "updater Adam", "training.");
        refused(graph().addLayer("x", dense().l2(1e-3).build(), "a"), "training.weight-decay");
        refused(graph().addLayer("x", dense().l1(1e-3).build(), "a"), "training.weight-decay");
        refused(
                graph().addLayer(
                                "x",
                                dense().gradientNormalization(GradientNormalization.ClipL2PerLayer)
                                        .build(),
                                "a"),
                "training.clip-norm");
    }

    @Test
    void aLossOfItsOwnIsRefused() {
        refused(
                graph().addLayer(
                                "x",
                                new OutputLayer.Builder().nIn(OUT).nOut(OUT).build(),
                                "a"),
                "the loss is ours");
    }

    @Test
    void frozenConstrainedAndNoisyLayersAreRefused() {
        refused(graph().addLayer("x", new FrozenLayer(dense().nIn(OUT).build()), "a"), "layer 'x' is frozen");
        refused(
                graph().addLayer(
                                "x",
                                dense().constrainWeights(new NonNegativeConstraint())
                                        .build(),
                                "a"),
                "constraints");
        refused(graph().addLayer("x", dense().weightNoise(new DropConnect(0.5)).build(), "a"), "weight noise");
    }

    @Test
    void allReasonsAreGivenAtOnce() {
        refused(
                graph().addLayer("b", dense().dropOut(0.5).l2(1).build(), "a")
                        .addLayer("x", new BatchNormalization(), "b"),
                "layer 'b' drops out",
                "layer 'b' has l1, l2",
                "layer 'x' normalises");
    }

    @Test
    void noiseThatNoRuleKnowsIsFoundByTryingTheGraph() {
        refused(graph().addLayer("x", new ActivationLayer(Activation.RRELU), "a"), "depend on how a batch is cut");
    }

    @Test
    void otherWidthsAreRefused() {
        refused(graph(), 7, OUT, "takes rows of 9 floats, the data give 7");
        refused(graph(), IN, 6, "gives rows of 5 floats, towers.width is 6");
        refused(
                graph().addVertex("x", new L2NormalizeVertex(), "a").setOutputs("x"),
                7,
                OUT,
                "does not take rows of 7 floats");
        refused(graph().addVertex("x", new L2NormalizeVertex(), "a").setOutputs("x"), IN, 6, "towers.width is 6");
    }

    @Test
    void twoInputsAreRefused() {
        ComputationGraphConfiguration graph = builder(DataType.FLOAT)
                .addInputs("in", "other")
                .setInputTypes(InputType.feedForward(IN), InputType.feedForward(IN))
                .addLayer("a", dense().nIn(IN).build(), "in")
                .addLayer("b", dense().nIn(IN).build(), "other")
                .addVertex("x", new ElementWiseVertex(ElementWiseVertex.Op.Add), "a", "b")
                .setOutputs("x")
                .build();

        refused(graph, IN, OUT, "2 inputs and 1 outputs");
    }

    @Test
    void doublesAreRefused() {
        ComputationGraphConfiguration graph = builder(DataType.DOUBLE)
                .addInputs("in")
                .setInputTypes(InputType.feedForward(IN))
                .addLayer("a", dense().nIn(IN).build(), "in")
                .setOutputs("a")
                .build();

        refused(graph, IN, OUT, "dataType(DataType.FLOAT)");
    }

    @Test
    void aGraphWithBranchesIsTaken() {
        ComputationGraphConfiguration graph = graph().addLayer(
                        "b", dense().hasLayerNorm(true).build(), "a")
                .addVertex("x", new ElementWiseVertex(ElementWiseVertex.Op.Add), "a", "b")
                .setOutputs("x")
                .build();

        assertThatCode(() -> TowerPlan.of("image", graph, IN, OUT, false, 0)).doesNotThrowAnyException();
        TowerPlan plan = TowerPlan.of("image", graph, IN, OUT, false, 0);
        assertThat(plan.chain()).isEmpty();
        assertThat(plan.parameters()).isEqualTo((IN + 1) * OUT + (OUT + 2) * OUT);
        int decayed = plan.tensors().stream()
                .filter(Tensor::decays)
                .mapToInt(Tensor::size)
                .sum();
        assertThat(decayed).as("weights alone, no biases, no gains").isEqualTo(IN * OUT + OUT * OUT);
    }

    @Test
    void aNamedConfigurationStartsByTheSeedAndANamedModelByItsParameters() throws Exception {
        ComputationGraph model = new ComputationGraph(graph().setOutputs("a").build());
        model.init();
        File zip = folder.resolve("model.zip").toFile();
        ModelSerializer.writeModel(model, zip, true);
        Path json = folder.resolve("model.json");
        Files.writeString(json, model.getConfiguration().toJson());
        ModelSpec spec = ModelSpec.of(
                Cases.settings(List.of(), "relu", 0, Optional.of(zip.toString()), Optional.of(json.toString())),
                new PairShape(IN, IN));

        assertThat(spec.fastPath()).isTrue();
        assertThat(spec.initial(1).of(Modality.IMAGE).toArray()).isEqualTo(Nd4jBridge.read(model.params()));
        assertThat(spec.initial(2).of(Modality.IMAGE).toArray()).isEqualTo(Nd4jBridge.read(model.params()));
        assertThat(spec.initial(1).of(Modality.TEXT).toArray())
                .isEqualTo(spec.initial(1).of(Modality.TEXT).toArray());
        assertThat(spec.initial(1).of(Modality.TEXT).toArray())
                .isNotEqualTo(spec.initial(2).of(Modality.TEXT).toArray());
    }

    @Test
    void aFileThatIsNoGraphIsRefused() throws Exception {
        Path file = folder.resolve("no.json");
        Files.writeString(file, "{}");

        assertThatThrownBy(() -> ModelSpec.of(
                        Cases.settings(List.of(), "relu", 0, Optional.of(file.toString()), Optional.empty()),
                        new PairShape(IN, IN)))
                .hasMessageContaining("no.json")
                .hasMessageContaining("toComputationGraph()");
    }

    private static ComputationGraphConfiguration.GraphBuilder builder(DataType type) {
        return new NeuralNetConfiguration.Builder().dataType(type).graphBuilder();
    }

    private static ComputationGraphConfiguration.GraphBuilder graph() {
        return builder(DataType.FLOAT)
                .addInputs("in")
                .setInputTypes(InputType.feedForward(IN))
                .addLayer("a", dense().nIn(IN).build(), "in")
                .setOutputs("a");
    }

    private static DenseLayer.Builder dense() {
        return new DenseLayer.Builder().nOut(OUT).activation(Activation.IDENTITY);
    }

    private static void refused(ComputationGraphConfiguration.GraphBuilder graph, String... hints) {
        refused(graph.setOutputs("x").build(), IN, OUT, hints);
    }

    private static void refused(ComputationGraphConfiguration.GraphBuilder graph, int in, int out, String hint) {
        refused(graph.build(), in, out, hint);
    }

    private static void refused(ComputationGraphConfiguration graph, int in, int out, String... hints) {
        assertThatThrownBy(() -> TowerPlan.of("image", graph, in, out, false, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("image tower")
                .hasMessageContainingAll(hints);
    }
}
