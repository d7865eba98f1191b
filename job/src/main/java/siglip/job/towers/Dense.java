package siglip.job.towers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import siglip.kernels.blas.MatrixProducts;

/**
 * A dense layer. Its parameters are {@code out x in} weights, row-major, then {@code out} biases: DL4J keeps the transpose column by column,
 * which is the same order. They start uniform in ±1/sqrt(in), PyTorch's default for {@code nn.Linear}.
 *
 * @param bias whether it adds a bias
 * @param activation applied last
 */
record Dense(int in, int out, boolean bias, Nonlinearity activation) implements Layer {
    static Optional<Found> find(ComputationGraphConfiguration graph, String vertex) {
        List<String> below = graph.getVertexInputs().get(vertex);
        if (!(graph.getVertices().get(vertex) instanceof LayerVertex layer)
                || layer.getPreProcessor() != null
                || layer.getLayerConf().getLayer().getClass() != DenseLayer.class
                || below.size() != 1) {
            return Optional.empty();
        }
        DenseLayer dense = (DenseLayer) layer.getLayerConf().getLayer();
        if (dense.hasLayerNorm()) {
            return Optional.empty();
        }
        int in = Math.toIntExact(dense.getNIn());
        int out = Math.toIntExact(dense.getNOut());
        return Nonlinearity.of(dense.getActivationFn())
                .map(activation -> new Found(new Dense(in, out, dense.hasBias(), activation), 1, below.get(0)));
    }

    @Override
    public void append(ComputationGraphConfiguration.GraphBuilder graph, String name, String below) {
        DenseLayer layer = new DenseLayer.Builder()
                .nIn(in)
                .nOut(out)
                .hasBias(bias)
                .activation(activation.dl4j())
                .build();
        graph.addLayer(name, layer, below);
    }

    @Override
    public String kind() {
        return "dense";
    }

    int weights() {
        return Math.multiplyExact(in, out);
    }

    @Override
    public int widest() {
        return out;
    }

    @Override
    public List<Part> parts() {
        Part weights = new Part("weights", weights(), true);
        return bias ? List.of(weights, new Part("bias", out, false)) : List.of(weights);
    }

    @Override
    public void start(float[] parameters, Random random) {
        double bound = 1 / Math.sqrt(in);
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = (float) (bound * (2 * random.nextDouble() - 1));
        }
    }

    @Override
    public void describe(ObjectNode json) {
        json.put("in", in);
        json.put("out", out);
        json.put("activation", activation.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public LayerRun open(MatrixProducts products, int capacity, Scratch scratch) {
        return new DenseRun(this, products, capacity, scratch);
    }
}
