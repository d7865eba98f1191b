package siglip.job.towers;

import java.util.Random;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import siglip.kernels.blas.Matrix;

/** Runs a few rows through a graph before it is accepted: widths, and whether a row's result depends on the rows beside it. */
final class GraphProbe {
    private static final int ROWS = 4;
    /** Rounding of any float network is far below, a normalisation over the batch or fresh noise far above. */
    private static final double DIFFERENCE = 1e-3;

    private GraphProbe() {}

    /** @return number of parameters */
    static int check(String name, ComputationGraphConfiguration configuration, int in, int out) {
        Nd4jBridge.useOneThread();
        ComputationGraph graph = open(name, configuration);
        Matrix rows = Matrix.allocate(ROWS, in);
        Random random = new Random(1);
        for (int i = 0; i < rows.size(); i++) {
            rows.floats().put(i, (float) random.nextGaussian());
        }
        float[] together = run(name, graph, rows, in);
        if (together.length != ROWS * out) {
            throw new IllegalArgumentException(
                    "Cannot use this graph as the %s tower: it gives %s floats for %d rows, and towers.width is %d"
                            .formatted(name, together.length, ROWS, out));
        }
        for (int i = 0; i < ROWS; i++) {
            float[] alone = run(name, graph, rows.rows(i, 1), in);
            for (int k = 0; k < out; k++) {
                double expected = together[i * out + k];
                if (!(Math.abs(alone[k] - expected) <= DIFFERENCE * (1 + Math.abs(expected)))) {
                    throw new IllegalArgumentException(
                            ("Cannot use this graph as the %s tower: a row alone gives %s where it gives %s among others,"
                                            + " so the result would depend on how a batch is cut. Remove what works across the batch"
                                            + " or at random")
                                    .formatted(name, alone[k], together[i * out + k]));
                }
            }
        }
        return Math.toIntExact(graph.numParams());
    }

    private static ComputationGraph open(String name, ComputationGraphConfiguration configuration) {
        try {
            ComputationGraph graph = new ComputationGraph(configuration.clone());
            graph.init();
            return graph;
        } catch (RuntimeException | OutOfMemoryError e) { // which DL4J throws before it asks the system
            throw new IllegalArgumentException(
                    "Cannot use this graph as the %s tower: DL4J cannot build it: %s".formatted(name, e.getMessage()),
                    e);
        }
    }

    private static float[] run(String name, ComputationGraph graph, Matrix rows, int in) {
        String output = graph.getConfiguration().getNetworkOutputs().get(0);
        try (INDArray x = Nd4jBridge.array(rows)) {
            INDArray y = graph.feedForward(new INDArray[] {x}, true, false).get(output);
            float[] values = Nd4jBridge.read(y);
            graph.clearLayersStates();
            return values;
        } catch (RuntimeException | OutOfMemoryError e) {
            throw new IllegalArgumentException(
                    "Cannot use this graph as the %s tower: it does not take rows of %d floats: %s"
                            .formatted(name, in, e.getMessage()),
                    e);
        }
    }
}
