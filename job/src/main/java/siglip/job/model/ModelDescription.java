package siglip.job.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import siglip.job.config.TowerSettings;
import siglip.job.features.FeatureNames;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.towers.Layer;
import siglip.job.towers.TowerPlan;
import siglip.kernels.Loss;
import siglip.kernels.LossScalars;

/**
 * What {@code model.json} says, in its order; written and read through Jackson.
 *
 * @param width of the embeddings
 * @param table under the text tower, where texts are tokens
 * @param loss that it was trained with
 * @param scalars what that has learned, by name
 * @param features what made its inputs
 * @param scaling of features
 */
record ModelDescription(
        int format,
        int width,
        PairShape shape,
        TowerSettings.Table table,
        Tower image,
        Tower text,
        String loss,
        Map<String, Double> scalars,
        FeatureNames features,
        PairScaling scaling) {

    ModelDescription {
        LossScalars.of(Loss.of(loss), scalars);
    }

    LossScalars lossScalars() {
        return LossScalars.of(Loss.of(loss), scalars);
    }

    /**
     * One tower. Its zip says the same of the layers; what differs was not written together.
     *
     * @param layers that the fast path computes, in order; none of a graph that DL4J runs
     */
    record Tower(boolean builtIn, double inputDropout, int parameters, List<JsonNode> layers) {
        static Tower of(TowerPlan plan) {
            return new Tower(
                    plan.builtIn(),
                    plan.inputDropout(),
                    plan.parameters(),
                    plan.chain().stream().map(Tower::describe).toList());
        }

        private static JsonNode describe(Layer layer) {
            ObjectNode json = JsonNodeFactory.instance.objectNode().put("layer", layer.kind());
            layer.describe(json);
            return json;
        }
    }

    static ModelDescription of(int format, SavedModel model) {
        return new ModelDescription(
                format,
                model.spec().width(),
                model.spec().shape(),
                model.spec().table(),
                Tower.of(model.spec().image()),
                Tower.of(model.spec().text()),
                model.scalars().loss().id(),
                model.scalars().named(),
                model.features(),
                model.scaling());
    }
}
