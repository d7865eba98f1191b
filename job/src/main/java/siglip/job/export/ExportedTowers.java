package siglip.job.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import siglip.job.towers.Layer;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.job.towers.TowerPlan;

/**
 * The towers that training starts from, for another program: their initial parameters, and {@code model.json}, which says where in them the
 * layers lie.
 *
 * <pre>{@code
 * dense.f32   P: both towers. Per layer the weights, out x in, row by row, then the biases
 * table.f32   tableRows x tableWidth; empty where texts are features
 * }</pre>
 */
final class ExportedTowers {
    private ExportedTowers() {}

    /** @throws IllegalArgumentException if a tower is a graph of other layers than ours */
    static void write(ExportFolder folder, ModelSpec model, long seed) throws IOException {
        if (!model.fastPath()) {
            throw new IllegalArgumentException(
                    "Cannot describe the towers to another program: a named graph is no chain of dense layers."
                            + " Leave towers.image.graph and towers.text.graph unset");
        }
        Parameters parameters = model.initial(seed);
        folder.write("dense.f32", parameters.dense());
        folder.write("table.f32", parameters.table());
        folder.write("model.json", describe(model));
    }

    private static ObjectNode describe(ModelSpec model) {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("width", model.width());
        json.put("tableRows", model.layout().tableRows());
        json.put("tableWidth", model.layout().tableWidth());
        int end = describe(model.image(), 0, json.putObject("image"));
        describe(model.text(), end, json.putObject("text"));
        return json;
    }

    /** Offsets count floats from the start of the flat vector. Returns where the tower ends. */
    private static int describe(TowerPlan tower, int start, ObjectNode json) {
        json.put("inputDropout", tower.inputDropout());
        ArrayNode layers = json.putArray("layers");
        int at = start;
        for (Layer layer : tower.chain()) {
            ObjectNode described = layers.addObject();
            layer.describe(described);
            for (Layer.Part part : layer.parts()) {
                described.put(part.name(), at);
                at += part.size();
            }
        }
        return at;
    }
}
