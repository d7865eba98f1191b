package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.blas.Matrix;

/** What holds of every kind of layer. A new kind is added to {@link #kinds}. */
class LayerTest {
    static List<Layer> kinds() {
        return List.of(new Dense(3, 4, true, Nonlinearity.RELU), new Dense(4, 3, false, Nonlinearity.IDENTITY));
    }

    @Test
    void everyKindIsTestedHere() {
        Set<Class<?>> tested = kinds().stream().map(Object::getClass).collect(Collectors.toSet());

        assertThat(tested).containsExactlyInAnyOrder(Layer.class.getPermittedSubclasses());
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void isFoundInTheGraphThatItWasAddedTo(Layer layer) {
        assertThat(Layer.chain(graph(layer))).containsExactly(layer);
    }

    /** One-hot rows: no sum has more than one product and a bias, so both round alike, and each parameter counts. */
    @ParameterizedTest
    @MethodSource("kinds")
    void readsItsParametersWhereDl4jReadsThem(Layer layer) {
        Matrix parameters = Cases.random(1, layer.parameters(), new Random(Cases.SEED));
        Matrix input = Matrix.allocate(layer.in(), layer.in());
        for (int k = 0; k < layer.in(); k++) {
            input.set(k, k, 1);
        }
        ComputationGraph graph = new ComputationGraph(graph(layer));
        graph.init(Nd4jBridge.array(parameters), false);
        float[] expected = Nd4jBridge.read(graph.outputSingle(Nd4jBridge.array(input)));

        Scratch scratch = new Scratch(new NaiveProducts(), layer.in(), layer.widest());
        LayerRun run = layer.open(new NaiveProducts(), layer.in(), scratch);

        assertThat(run.forward(parameters, input).toArray()).containsExactly(expected);
    }

    private static ComputationGraphConfiguration graph(Layer layer) {
        ComputationGraphConfiguration.GraphBuilder graph =
                new NeuralNetConfiguration.Builder().graphBuilder().addInputs("in");
        layer.append(graph, "out", "in");
        return graph.setOutputs("out").build();
    }
}
