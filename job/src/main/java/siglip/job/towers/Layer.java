package siglip.job.towers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import siglip.kernels.blas.MatrixProducts;

/**
 * A layer of a tower that the fast path computes itself: its parameters, its form in a DL4J graph, and its forward and backward pass. A
 * tower's flat vector holds its layers' parameters one after the other, in DL4J's order.
 *
 * <p>A new kind is a class of its own and a line in {@link #find}.
 */
public sealed interface Layer extends Serializable permits Dense {
    /**
     * Parameters that lie together in the flat vector.
     *
     * @param name such as weights or bias
     * @param decays whether weight decay applies to them
     */
    record Part(String name, int size, boolean decays) {}

    /**
     * A layer that was found in a graph.
     *
     * @param vertices how many vertices it is made of
     * @param below the vertex that it takes its input from
     */
    record Found(Layer layer, int vertices, String below) {}

    /** The layer whose output is that of a vertex; empty if it is of no kind that is known here. */
    static Optional<Found> find(ComputationGraphConfiguration graph, String vertex) {
        return Dense.find(graph, vertex);
    }

    /** The layers of a graph in order; none if anything else lies between its input and its output. */
    static List<Layer> chain(ComputationGraphConfiguration graph) {
        List<Layer> layers = new ArrayList<>();
        int vertices = 0;
        String at = graph.getNetworkOutputs().get(0);
        while (!at.equals(graph.getNetworkInputs().get(0))
                && vertices <= graph.getVertices().size()) {
            Optional<Found> found = find(graph, at);
            if (found.isEmpty()) {
                return List.of();
            }
            layers.add(0, found.get().layer());
            vertices += found.get().vertices();
            at = found.get().below();
        }
        return vertices == graph.getVertices().size() ? List.copyOf(layers) : List.of();
    }

    /** What kind of layer it is, in model files. */
    String kind();

    /** Floats of an input row. */
    int in();

    /** Floats of an output row. */
    int out();

    /** Floats of the longest row of a gradient that it makes ready for products, in {@link Scratch}. */
    int widest();

    /** Its parameters, in their order. */
    List<Part> parts();

    default int parameters() {
        return parts().stream().mapToInt(Part::size).reduce(0, Math::addExact);
    }

    /** Draws the parameters that training starts from; in their order, for the same numbers everywhere. */
    void start(float[] parameters, Random random);

    /** Adds what the parameters alone do not say. */
    void describe(ObjectNode json);

    /**
     * Adds itself to a DL4J graph, where {@link #find} finds it.
     *
     * @param name of the vertex that gives its output
     * @param below the vertex that it takes its input from
     */
    void append(ComputationGraphConfiguration.GraphBuilder graph, String name, String below);

    /** The layer at work, with the memory that it needs for up to {@code capacity} rows. */
    LayerRun open(MatrixProducts products, int capacity, Scratch scratch);
}
