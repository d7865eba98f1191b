package siglip.job.towers;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/**
 * One tower, as it travels: a DL4J configuration, checked, and what we read out of it.
 *
 * @param name image or text
 * @param json DL4J's configuration
 * @param in floats of an input row
 * @param out floats of an output row, d
 * @param parameters length of the flat vector
 * @param chain the layers, if the graph is a chain of dense layers that the fast path knows; else empty
 * @param builtIn whether the layers came from our settings, and start as our recipe says
 * @param inputDropout share of inputs set to zero while training
 */
public record TowerPlan(
        String name,
        String json,
        int in,
        int out,
        int parameters,
        List<DenseShape> chain,
        boolean builtIn,
        double inputDropout)
        implements Serializable {

    /** A chain of dense layers; the last has no activation. */
    static TowerPlan dense(String name, int in, List<Integer> hidden, String activation, int out, double inputDropout) {
        NeuralNetConfiguration.Builder defaults = new NeuralNetConfiguration.Builder();
        ComputationGraphConfiguration.GraphBuilder graph = defaults.seed(1)
                .dataType(DataType.FLOAT)
                .miniBatch(false)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.feedForward(in));
        String below = "in";
        for (int l = 0; l <= hidden.size(); l++) {
            boolean last = l == hidden.size();
            String layer = last ? "out" : "hidden" + (l + 1);
            DenseLayer dense = new DenseLayer.Builder()
                    .nIn(l == 0 ? in : hidden.get(l - 1))
                    .nOut(last ? out : hidden.get(l))
                    .activation(last ? Activation.IDENTITY : named(name, activation))
                    .build();
            graph.addLayer(layer, dense, below);
            below = layer;
        }
        return of(name, graph.setOutputs(below).build(), in, out, true, inputDropout);
    }

    /** @throws IllegalArgumentException if the graph holds what is forbidden, or has other widths */
    static TowerPlan of(
            String name,
            ComputationGraphConfiguration configuration,
            int in,
            int out,
            boolean builtIn,
            double inputDropout) {
        GraphRules.check(name, configuration);
        List<DenseShape> chain = chain(configuration).orElse(List.of());
        int parameters;
        if (chain.isEmpty()) {
            parameters = GraphProbe.check(name, configuration, in, out);
        } else {
            checkWidths(name, chain, in, out);
            parameters = chain.stream().mapToInt(DenseShape::parameters).reduce(0, Math::addExact);
        }
        return new TowerPlan(name, configuration.toJson(), in, out, parameters, chain, builtIn, inputDropout);
    }

    public ComputationGraphConfiguration configuration() {
        return ComputationGraphConfiguration.fromJson(json);
    }

    /** The tower at work, for up to {@code capacity} rows: our own forward and backward where there is a chain, else DL4J's. */
    Tower open(MatrixProducts products, int capacity, Tower.InputGradient wanted) {
        return chain.isEmpty()
                ? new GraphTower(this, capacity, wanted)
                : new ChainTower(chain, products, capacity, wanted);
    }

    /** DL4J's graph with these parameters, 1 x P. */
    public ComputationGraph graph(Matrix flat) {
        ComputationGraph graph = new ComputationGraph(configuration());
        graph.init(Nd4jBridge.array(flat), false);
        return graph;
    }

    /** Which numbers of the flat vector are weights: all but biases and gains. */
    boolean[] decayed() {
        boolean[] decayed = new boolean[parameters];
        int offset = 0;
        for (DenseShape layer : chain) {
            Arrays.fill(decayed, offset, offset + layer.weights(), true);
            offset += layer.parameters();
        }
        if (chain.isEmpty()) {
            ComputationGraph graph = new ComputationGraph(configuration());
            graph.init();
            for (int v : graph.topologicalSortOrder()) {
                org.deeplearning4j.nn.graph.vertex.GraphVertex vertex = graph.getVertices()[v];
                if (!vertex.hasLayer()) {
                    continue;
                }
                Layer layer = vertex.getLayer();
                org.deeplearning4j.nn.conf.layers.Layer conf = layer.conf().getLayer();
                for (Map.Entry<String, INDArray> p : layer.paramTable().entrySet()) {
                    int length = Math.toIntExact(p.getValue().length());
                    boolean weight = conf.initializer().isWeightParam(conf, p.getKey())
                            && !p.getKey().equals(DefaultParamInitializer.GAIN_KEY);
                    Arrays.fill(decayed, offset, offset + length, weight);
                    offset += length;
                }
            }
        }
        return decayed;
    }

    private static Activation named(String tower, String activation) {
        try {
            return Activation.fromString(activation);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "Cannot build the %s tower: activation '%s' is none of DL4J's: relu, gelu, tanh, identity ..."
                            .formatted(tower, activation),
                    e);
        }
    }

    /** The layers in order, if nothing but plain dense layers lies between input and output. */
    private static Optional<List<DenseShape>> chain(ComputationGraphConfiguration graph) {
        List<DenseShape> layers = new ArrayList<>();
        String at = graph.getNetworkOutputs().get(0);
        while (!at.equals(graph.getNetworkInputs().get(0))) {
            Optional<DenseShape> layer = denseShape(graph.getVertices().get(at));
            List<String> below = graph.getVertexInputs().get(at);
            if (layer.isEmpty() || below.size() != 1) {
                return Optional.empty();
            }
            layers.add(0, layer.get());
            at = below.get(0);
        }
        return layers.isEmpty() || layers.size() != graph.getVertices().size()
                ? Optional.empty()
                : Optional.of(List.copyOf(layers));
    }

    private static Optional<DenseShape> denseShape(GraphVertex vertex) {
        if (!(vertex instanceof LayerVertex layer)
                || layer.getPreProcessor() != null
                || layer.getLayerConf().getLayer().getClass() != DenseLayer.class) {
            return Optional.empty();
        }
        DenseLayer dense = (DenseLayer) layer.getLayerConf().getLayer();
        if (dense.hasLayerNorm()) {
            return Optional.empty();
        }
        return Nonlinearity.of(dense.getActivationFn())
                .map(activation -> new DenseShape(
                        Math.toIntExact(dense.getNIn()),
                        Math.toIntExact(dense.getNOut()),
                        dense.hasBias(),
                        activation));
    }

    private static void checkWidths(String name, List<DenseShape> chain, int in, int out) {
        int given = chain.get(0).in();
        int made = chain.get(chain.size() - 1).out();
        if (given != in) {
            throw new IllegalArgumentException(
                    "Cannot use this graph as the %s tower: it takes rows of %d floats, the data give %d"
                            .formatted(name, given, in));
        }
        if (made != out) {
            throw new IllegalArgumentException(
                    "Cannot use this graph as the %s tower: it gives rows of %d floats, towers.width is %d"
                            .formatted(name, made, out));
        }
    }
}
