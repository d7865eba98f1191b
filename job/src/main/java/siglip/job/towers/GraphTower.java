package siglip.job.towers;

import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import siglip.kernels.blas.Matrix;

/** Any graph, run by DL4J itself. Its memory is DL4J's workspaces, which only the graph's own parameters and gradient are counted of. */
final class GraphTower implements Tower {
    private final ComputationGraph graph;
    private final String output;
    private final INDArray parameters; // the graph's own, 1 x P
    private final Matrix result;
    private final Matrix inputGradient;
    private int rows;

    GraphTower(TowerPlan plan, int capacity, InputGradient wanted) {
        Nd4jBridge.useOneThread();
        ComputationGraphConfiguration plain = plan.configuration();
        output = plain.getNetworkOutputs().get(0);
        graph = new ComputationGraph(wanted == InputGradient.NEEDED ? InputTap.insert(plain) : plain);
        parameters = Nd4j.create(DataType.FLOAT, 1, plan.parameters());
        graph.init(parameters, false);
        graph.initGradientsView();
        if (wanted == InputGradient.NEEDED) {
            checkOrder(plan);
        }
        result = Matrix.allocate(capacity, plan.out());
        inputGradient = Matrix.allocate(wanted == InputGradient.NEEDED ? capacity : 0, plan.in());
    }

    /** The tap is a new vertex: parameters must lie where they lay without it. */
    private void checkOrder(TowerPlan plan) {
        ComputationGraph plain = new ComputationGraph(plan.configuration());
        plain.init();
        List<String> before = List.copyOf(plain.paramTable().keySet());
        List<String> after = List.copyOf(graph.paramTable().keySet());
        if (!before.equals(after)) {
            throw new IllegalStateException(
                    "Cannot take the input gradient of the %s tower's graph: its parameters %s would move to %s"
                            .formatted(plan.name(), before, after));
        }
    }

    @Override
    public Matrix forward(Matrix flat, Matrix input) {
        rows = input.rows();
        if (rows == 0) {
            return result.rows(0, 0);
        }
        Nd4jBridge.useOneThread();
        Nd4jBridge.write(flat, parameters);
        graph.clearLayersStates();
        INDArray x = Nd4jBridge.array(input); // layers keep it for the backward pass
        INDArray y = graph.feedForward(new INDArray[] {x}, true, false).get(output);
        Matrix out = result.rows(0, rows);
        Nd4jBridge.read(y, out);
        return out;
    }

    @Override
    public void backward(Matrix outputGradient, Matrix gradient) {
        if (rows == 0) {
            gradient.clear();
            return;
        }
        if (inputGradient.rows() > 0) {
            InputTap.listen(graph, inputGradient.rows(0, rows));
        }
        try (INDArray delta = Nd4jBridge.array(outputGradient)) {
            graph.backpropGradient(delta);
            Nd4jBridge.read(graph.getFlattenedGradients(), gradient);
        }
        graph.clearLayersStates();
    }

    @Override
    public Matrix inputGradient() {
        return inputGradient.rows(0, rows);
    }

    @Override
    public long bytes() {
        return 4L * (result.size() + inputGradient.size()) + 2 * 4L * parameters.length();
    }

    @Override
    public void close() {
        graph.clearLayersStates();
        parameters.close();
        INDArray gradient = graph.getFlattenedGradients();
        if (gradient.closeable()) {
            gradient.close();
        }
    }
}
