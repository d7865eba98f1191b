package siglip.job.towers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.deeplearning4j.nn.conf.serde.JsonMappers;
import org.nd4j.shade.jackson.databind.JsonMappingException;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import siglip.job.towers.GraphClasses.UnlistedClassException;

/** The JSON of a DL4J graph, as data: it is bounded before DL4J sees it, may name classes of a list alone, and is a whole graph without circles. */
final class GraphJson {
    /** A layer takes 2 kB, so no graph that can be trained here has more. */
    static final int MOST_BYTES = 16 << 20;

    private static final int DEEPEST = 64;

    private static final String NEITHER =
            "it is neither the JSON of a DL4J ComputationGraph's configuration nor a model zip";
    private static final JsonFactory STRICT = new JsonFactory().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    private static final ObjectMapper MAPPER = restricted();

    private GraphJson() {}

    private static ObjectMapper restricted() {
        // DL4J comes back to these two for parts of what it wrote long ago.
        GraphClasses.restrict(JsonMappers.getMapper());
        GraphClasses.restrict(JsonMappers.getLegacyMapper());
        return JsonMappers.getMapper().copy(); // which has none of what they may know already
    }

    /**
     * @param json in UTF-8
     * @throws IllegalArgumentException if this is no graph, or one that is not to be read: why, as a clause
     */
    static ComputationGraphConfiguration read(byte[] json) {
        checkForm(json);
        ComputationGraphConfiguration graph;
        try {
            graph = MAPPER.readValue(json, ComputationGraphConfiguration.class);
        } catch (UnlistedClassException e) {
            throw new IllegalArgumentException(
                    "it names the class %s at %s, and graphs are read with the layers, vertices and functions of DL4J alone"
                            .formatted(e.named(), place(e)),
                    e);
        } catch (JsonMappingException e) {
            throw new IllegalArgumentException("%s, at %s".formatted(e.getOriginalMessage(), place(e)), e);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("it is damaged: " + e.getMessage(), e);
        }
        checkWhole(graph);
        return graph;
    }

    /** A configuration that this program wrote. */
    static ComputationGraphConfiguration own(String json) {
        try {
            return MAPPER.readValue(json, ComputationGraphConfiguration.class);
        } catch (IOException e) {
            throw new IllegalStateException("Cannot read a graph of our own: " + e.getMessage(), e);
        }
    }

    private static String place(JsonMappingException e) {
        StringBuilder place = new StringBuilder();
        for (JsonMappingException.Reference step : e.getPath()) {
            String name = step.getFieldName();
            place.append(name == null ? "[" + step.getIndex() + "]" : (place.isEmpty() ? "" : ".") + name);
        }
        return place.isEmpty() ? "its beginning" : place.toString();
    }

    /** One object with no name twice, not nested so deep that reading it would need more stack than there is. */
    private static void checkForm(byte[] json) {
        try (JsonParser parser = STRICT.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException(NEITHER);
            }
            int depth = 1;
            while (depth > 0) {
                JsonToken token = parser.nextToken();
                if (token == null) {
                    throw new IllegalArgumentException("its JSON ends early");
                }
                depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
                if (depth > DEEPEST) {
                    throw new IllegalArgumentException("its JSON is nested more than %d deep".formatted(DEEPEST));
                }
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    NEITHER + ": "
                            + (e instanceof JsonProcessingException wrong
                                    ? wrong.getOriginalMessage()
                                    : e.getMessage()),
                    e);
        }
    }

    private static void checkWhole(ComputationGraphConfiguration graph) {
        if (isMissing(graph.getNetworkInputs()) || isMissing(graph.getNetworkOutputs())) {
            throw new IllegalArgumentException(
                    "it names no inputs and outputs (turn a MultiLayerNetwork into a graph with toComputationGraph())");
        }
        if (graph.getVertices() == null || graph.getVertexInputs() == null || graph.getDefaultConfiguration() == null) {
            throw new IllegalArgumentException("it lacks vertices, vertexInputs or defaultConfiguration");
        }
        graph.getVertices().forEach(GraphJson::checkVertex);
        graph.getVertexInputs().forEach((vertex, inputs) -> {
            if (isMissing(inputs)) {
                throw new IllegalArgumentException("vertex '%s' has no inputs".formatted(vertex));
            }
        });
        if (!graph.getVertexInputs().keySet().equals(graph.getVertices().keySet())) {
            throw new IllegalArgumentException("vertices and vertexInputs name different vertices");
        }
        try {
            graph.validate();
        } catch (RuntimeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
        checkOrder(graph);
    }

    private static boolean isMissing(List<String> names) {
        return names == null || names.isEmpty() || names.stream().anyMatch(Objects::isNull);
    }

    private static void checkVertex(String name, GraphVertex vertex) {
        boolean whole = vertex != null;
        if (vertex instanceof LayerVertex layer) {
            Layer at =
                    layer.getLayerConf() == null ? null : layer.getLayerConf().getLayer();
            while (at instanceof BaseWrapperLayer wrapper) {
                at = wrapper.getUnderlying();
            }
            whole = at != null;
        }
        if (!whole) {
            throw new IllegalArgumentException("vertex '%s' is empty".formatted(name));
        }
    }

    /** DL4J keeps an order of the vertices in the file and believes it; their parameters lie in that order. */
    private static void checkOrder(ComputationGraphConfiguration graph) {
        int[] order = graph.getTopologicalOrder();
        List<String> names = graph.getTopologicalOrderStr();
        if (order == null || names == null) {
            graph.setTopologicalOrder(null);
            graph.setTopologicalOrderStr(null);
            return;
        }
        List<String> numbered = new ArrayList<>(graph.getNetworkInputs());
        numbered.addAll(graph.getVertices().keySet());
        Set<String> before = new HashSet<>();
        boolean whole = order.length == numbered.size() && names.size() == numbered.size();
        for (int i = 0; whole && i < order.length; i++) {
            String name = names.get(i);
            whole = order[i] >= 0
                    && order[i] < numbered.size()
                    && numbered.get(order[i]).equals(name)
                    && before.containsAll(graph.getVertexInputs().getOrDefault(name, List.of()))
                    && before.add(name);
        }
        if (!whole) {
            throw new IllegalArgumentException("its topologicalOrder is not an order of its vertices");
        }
    }
}
