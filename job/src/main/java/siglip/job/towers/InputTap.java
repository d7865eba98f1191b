package siglip.job.towers;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import siglip.kernels.blas.Matrix;

/**
 * A vertex right after a graph's input that lets values through and keeps a copy of the gradient on its way back: DL4J itself hands out no
 * gradient with respect to an input. It lives in the graph that runs, never in a model file.
 */
final class InputTap extends GraphVertex {
    private static final String NAME = "siglip-input-gradient";

    /** A copy of {@code graph} with a tap on its input; parameters keep their order. */
    static ComputationGraphConfiguration insert(ComputationGraphConfiguration graph) {
        ComputationGraphConfiguration tapped = graph.clone();
        String input = tapped.getNetworkInputs().get(0);
        tapped.getVertexInputs().values().forEach(below -> below.replaceAll(v -> v.equals(input) ? NAME : v));
        tapped.getVertices().put(NAME, new InputTap());
        tapped.getVertexInputs().put(NAME, new ArrayList<>(List.of(input)));
        tapped.setTopologicalOrder(null);
        tapped.setTopologicalOrderStr(null);
        return tapped;
    }

    /** Where the gradient of the last backward pass goes: n x in. */
    static void listen(ComputationGraph graph, Matrix into) {
        ((Running) graph.getVertex(NAME)).into = into;
    }

    @Override
    public GraphVertex clone() {
        return new InputTap();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof InputTap;
    }

    @Override
    public int hashCode() {
        return NAME.hashCode();
    }

    @Override
    public long numParams(boolean backprop) {
        return 0;
    }

    @Override
    public int minVertexInputs() {
        return 1;
    }

    @Override
    public int maxVertexInputs() {
        return 1;
    }

    @Override
    public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
            ComputationGraph graph,
            String name,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType networkType) {
        return new Running(graph, name, index, networkType);
    }

    @Override
    public InputType getOutputType(int index, InputType... inputs) {
        return inputs[0];
    }

    @Override
    public MemoryReport getMemoryReport(InputType... inputs) {
        return new LayerMemoryReport.Builder(null, InputTap.class, inputs[0], inputs[0])
                .standardMemory(0, 0)
                .workingMemory(0, 0, 0, 0)
                .cacheMemory(0, 0)
                .build();
    }

    @SuppressWarnings("overrides") // DL4J's base class declares an array where its interface has varargs
    private static final class Running extends BaseGraphVertex {
        private Matrix into = Matrix.allocate(0, 0);

        Running(ComputationGraph graph, String name, int index, DataType type) {
            super(graph, name, index, null, null, type);
        }

        @Override
        public boolean hasLayer() {
            return false;
        }

        @Override
        public Layer getLayer() {
            return null; // what DL4J asks of a vertex without a layer
        }

        @Override
        public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
            return workspaces.dup(ArrayType.ACTIVATIONS, inputs[0]);
        }

        @Override
        public Pair<Gradient, INDArray[]> doBackward(boolean truncated, LayerWorkspaceMgr workspaces) {
            Nd4jBridge.read(epsilon, into);
            return new Pair<>(null, new INDArray[] {workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon)});
        }

        @Override
        public void setBackpropGradientsViewArray(INDArray view) {}

        @Override
        public Pair<INDArray, MaskState> feedForwardMaskArrays(INDArray[] masks, MaskState state, int rows) {
            throw new UnsupportedOperationException("Towers take no masks");
        }

        @Override
        public String toString() {
            return NAME;
        }
    }
}
