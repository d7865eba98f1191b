package siglip.job.towers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.Cnn3DLossLayer;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayerWithBackprop;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.Regularization;

/** What a DL4J graph must not hold to be a tower: whatever makes a result depend on how a batch is cut, and what belongs to our optimizer. */
final class GraphRules {
    private GraphRules() {}

    /**
     * @param name which tower, for the message
     * @throws IllegalArgumentException listing everything that is refused, each with what would do
     */
    static void check(String name, ComputationGraphConfiguration graph) {
        List<String> reasons = new ArrayList<>();
        if (graph.getNetworkInputs().size() != 1 || graph.getNetworkOutputs().size() != 1) {
            reasons.add("it has %d inputs and %d outputs: a tower has one of each"
                    .formatted(
                            graph.getNetworkInputs().size(),
                            graph.getNetworkOutputs().size()));
        }
        if (graph.getDataType() != DataType.FLOAT) {
            reasons.add("its data type is %s: build it with dataType(DataType.FLOAT)".formatted(graph.getDataType()));
        }
        if (graph.getBackpropType() != BackpropType.Standard) {
            reasons.add("it uses truncated backpropagation through time, which is not supported");
        }
        for (Map.Entry<String, GraphVertex> vertex : graph.getVertices().entrySet()) {
            if (vertex.getValue() instanceof LayerVertex layer) {
                List<String> found = new ArrayList<>();
                checkLayer(layer.getLayerConf().getLayer(), found);
                found.forEach(reason -> reasons.add("layer '%s' %s".formatted(vertex.getKey(), reason)));
            }
        }
        if (!reasons.isEmpty()) {
            throw new IllegalArgumentException(
                    "Cannot use this graph as the %s tower: %s".formatted(name, String.join("; ", reasons)));
        }
    }

    private static void checkLayer(Layer layer, List<String> reasons) {
        if (layer instanceof FrozenLayer || layer instanceof FrozenLayerWithBackprop) {
            reasons.add(
                    "is frozen: the optimizer moves all parameters of a tower; feed its output as features instead");
            return;
        }
        if (layer instanceof BaseWrapperLayer wrapper) {
            checkLayer(wrapper.getUnderlying(), reasons);
            return;
        }
        if (layer instanceof BatchNormalization) {
            reasons.add("normalises over the batch, so its result depends on how a batch is cut;"
                    + " use layer normalisation (hasLayerNorm) or none");
        }
        if (layer.getIDropout() != null || layer instanceof DropoutLayer) {
            reasons.add(
                    "drops out at random; remove it and set towers.image.input-dropout or towers.text.input-dropout,"
                            + " which depends on seed, step and row alone");
        }
        if (layer instanceof BaseOutputLayer
                || layer instanceof LossLayer
                || layer instanceof CnnLossLayer
                || layer instanceof Cnn3DLossLayer
                || layer instanceof RnnLossLayer) {
            reasons.add(
                    "has a loss of its own; end the graph with the layer below it (or a DenseLayer): the loss is ours");
        }
        if (layer.getConstraints() != null && !layer.getConstraints().isEmpty()) {
            reasons.add("has constraints on its parameters, which are not supported; remove them");
        }
        if (layer instanceof BaseLayer base) {
            checkOptimizer(base, reasons);
        }
    }

    private static void checkOptimizer(BaseLayer layer, List<String> reasons) {
        if (layer.getWeightNoise() != null) {
            reasons.add("has weight noise, which differs from rank to rank; remove it");
        }
        if (foreign(layer.getIUpdater()) || foreign(layer.getBiasUpdater())) {
            reasons.add("has its own updater %s; leave .updater(...) out: the optimizer is set under training.*"
                    .formatted(layer.getIUpdater().getClass().getSimpleName()));
        }
        if (any(layer.getRegularization()) || any(layer.getRegularizationBias())) {
            reasons.add("has l1, l2 or weight decay of its own; remove it and set training.weight-decay");
        }
        if (layer.getGradientNormalization() != null
                && layer.getGradientNormalization() != GradientNormalization.None) {
            reasons.add("normalises its gradient (%s); remove it and set training.clip-norm"
                    .formatted(layer.getGradientNormalization()));
        }
    }

    /** DL4J gives every layer plain SGD where none is named, so that one says nothing. */
    private static boolean foreign(IUpdater updater) {
        return updater != null && !(updater instanceof NoOp) && !new Sgd().equals(updater);
    }

    private static boolean any(List<Regularization> regularization) {
        return regularization != null && !regularization.isEmpty();
    }
}
