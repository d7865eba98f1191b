package siglip.job.towers;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.params.DefaultParamInitializer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import siglip.job.config.TowerSettings;
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
 * @param chain the layers, if the graph is a chain of those that the fast path knows; else empty
 * @param builtIn whether the layers came from our settings, and start as our recipe says
 * @param inputDropout share of inputs set to zero while training
 */
public record TowerPlan(
        String name,
        String json,
        int in,
        int out,
        int parameters,
        List<Layer> chain,
        boolean builtIn,
        double inputDropout)
        implements Serializable {

    /** The layers of the settings; the last has no activation. */
    static TowerPlan of(String name, TowerSettings.Tower settings, int in, int out) {
        checkSize(name, settings, in, out);
        List<Layer> layers = layers(name, settings, in, out);
        ComputationGraphConfiguration.GraphBuilder graph = new NeuralNetConfiguration.Builder()
                .seed(1)
                .dataType(DataType.FLOAT)
                .miniBatch(false)
                .graphBuilder()
                .addInputs("in")
                .setInputTypes(InputType.feedForward(in));
        String below = "in";
        for (int l = 0; l < layers.size(); l++) {
            String vertex = l == layers.size() - 1 ? "out" : "hidden" + (l + 1);
            layers.get(l).append(graph, vertex, below);
            below = vertex;
        }
        return of(name, graph.setOutputs(below).build(), in, out, true, settings.inputDropout());
    }

    /** Before DL4J counts the parameters, in ints. */
    private static void checkSize(String name, TowerSettings.Tower settings, int in, int out) {
        long parameters = 0;
        long below = in;
        List<Integer> widths = new ArrayList<>(settings.hidden());
        widths.add(out);
        for (int width : widths) {
            parameters += (below + 1) * width;
            below = width;
        }
        if (parameters > Matrix.MOST_FLOATS) {
            throw new IllegalArgumentException(
                    "Cannot build the %s tower: from %d inputs through towers.%s.hidden = %s to towers.width = %d it has %d parameters, and at most %d can be trained"
                            .formatted(name, in, name, settings.hidden(), out, parameters, Matrix.MOST_FLOATS));
        }
    }

    private static List<Layer> layers(String name, TowerSettings.Tower settings, int in, int out) {
        Nonlinearity activation;
        try {
            activation = Nonlinearity.named(settings.activation());
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "Cannot build the %s tower: %s. A graph of your own may have others (towers.%s.graph)"
                            .formatted(name, e.getMessage(), name),
                    e);
        }
        List<Layer> layers = new ArrayList<>();
        int below = in;
        for (int width : settings.hidden()) {
            layers.add(new Dense(below, width, true, activation));
            below = width;
        }
        layers.add(new Dense(below, out, true, Nonlinearity.IDENTITY));
        return layers;
    }

    /** @throws IllegalArgumentException if the graph holds what is forbidden, or has other widths */
    public static TowerPlan of(
            String name,
            ComputationGraphConfiguration configuration,
            int in,
            int out,
            boolean builtIn,
            double inputDropout) {
        GraphRules.check(name, configuration);
        List<Layer> chain = Layer.chain(configuration);
        int parameters;
        if (chain.isEmpty()) {
            parameters = GraphProbe.check(name, configuration, in, out);
        } else {
            checkWidths(name, chain, in, out);
            parameters = chain.stream().mapToInt(Layer::parameters).reduce(0, Math::addExact);
        }
        return new TowerPlan(name, configuration.toJson(), in, out, parameters, chain, builtIn, inputDropout);
    }

    /** @throws IllegalArgumentException unless these are as many parameters as there must be */
    public void checkCount(float[] given) {
        if (given.length != parameters) {
            throw new IllegalArgumentException(
                    "Cannot use this graph as the %s tower: its file holds %d parameters, it has %d"
                            .formatted(name, given.length, parameters));
        }
    }

    public ComputationGraphConfiguration configuration() {
        return GraphJson.own(json);
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

    /** What the flat vector is made of, in order; weights decay, biases and gains do not. */
    List<Tensor> tensors() {
        List<Tensor> tensors = new ArrayList<>();
        int offset = 0;
        for (int l = 0; l < chain.size(); l++) {
            for (Layer.Part part : chain.get(l).parts()) {
                String label = "%s.%d.%s".formatted(name, l + 1, part.name());
                tensors.add(new Tensor(label, offset, part.size(), part.decays()));
                offset += part.size();
            }
        }
        if (chain.isEmpty()) {
            ComputationGraph graph = new ComputationGraph(configuration());
            graph.init();
            for (int v : graph.topologicalSortOrder()) {
                org.deeplearning4j.nn.graph.vertex.GraphVertex vertex = graph.getVertices()[v];
                if (!vertex.hasLayer()) {
                    continue;
                }
                org.deeplearning4j.nn.api.Layer layer = vertex.getLayer();
                org.deeplearning4j.nn.conf.layers.Layer conf = layer.conf().getLayer();
                for (Map.Entry<String, INDArray> p : layer.paramTable().entrySet()) {
                    int length = Math.toIntExact(p.getValue().length());
                    boolean weight = conf.initializer().isWeightParam(conf, p.getKey())
                            && !p.getKey().equals(DefaultParamInitializer.GAIN_KEY);
                    String label = "%s.%s.%s".formatted(name, vertex.getVertexName(), p.getKey());
                    tensors.add(new Tensor(label, offset, length, weight));
                    offset += length;
                }
            }
        }
        return tensors;
    }

    /**
     * Writes the parameters that training starts from: as the layers have it where they came from our settings; else those of the model that was
     * named, or the graph's own initialisation.
     *
     * @param given of a named model; empty without
     */
    void start(Matrix into, float[] given, long seed) {
        if (builtIn) {
            Random random = new Random(seed);
            int at = 0;
            for (Layer layer : chain) {
                float[] values = new float[layer.parameters()];
                layer.start(values, random);
                into.write(at, values, 0, values.length);
                at += values.length;
            }
        } else if (given.length > 0) {
            into.write(0, given, 0, parameters);
        } else {
            ComputationGraphConfiguration configuration = configuration();
            configuration.getDefaultConfiguration().setSeed(seed);
            ComputationGraph graph = new ComputationGraph(configuration);
            graph.init();
            into.write(0, Nd4jBridge.read(graph.params()), 0, parameters);
        }
    }

    private static void checkWidths(String name, List<Layer> chain, int in, int out) {
        for (int l = 0; l < chain.size(); l++) {
            Layer layer = chain.get(l);
            boolean fits = l == 0 || layer.in() == chain.get(l - 1).out();
            if (layer.in() < 1 || layer.out() < 1 || !fits) {
                throw new IllegalArgumentException(
                        "Cannot use this graph as the %s tower: its layer %d takes %d floats and gives %d%s"
                                .formatted(
                                        name,
                                        l + 1,
                                        layer.in(),
                                        layer.out(),
                                        l > 0
                                                ? ", the one below gives "
                                                        + chain.get(l - 1).out()
                                                : ""));
            }
        }
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
