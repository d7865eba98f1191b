package siglip.job.towers;

import java.util.List;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/**
 * The fast path: layers one after the other, in memory allocated once. The gradient of the first layer's input is computed only where it is
 * needed.
 */
final class ChainTower implements Tower {
    private final LayerRun[] runs;
    private final int[] inputs; // floats of a row, by layer
    private final int[] parameters; // by layer
    private final int outputs;
    private final Scratch scratch;
    private final Matrix[] deltas = new Matrix[2]; // gradients between layers, in turns
    private final Matrix inputGradient;
    private int rows;

    ChainTower(List<Layer> chain, MatrixProducts products, int capacity, InputGradient wanted) {
        int widest = chain.stream().mapToInt(Layer::widest).max().orElseThrow();
        int widestInside = chain.stream().skip(1).mapToInt(Layer::in).max().orElse(0);
        scratch = new Scratch(products, capacity, widest);
        runs = chain.stream()
                .map(layer -> layer.open(products, capacity, scratch))
                .toArray(LayerRun[]::new);
        inputs = chain.stream().mapToInt(Layer::in).toArray();
        parameters = chain.stream().mapToInt(Layer::parameters).toArray();
        outputs = chain.get(chain.size() - 1).out();
        deltas[0] = Matrix.allocate(capacity, widestInside);
        deltas[1] = Matrix.allocate(capacity, runs.length > 2 ? widestInside : 0);
        inputGradient = Matrix.allocate(wanted == InputGradient.NEEDED ? capacity : 0, inputs[0]);
    }

    @Override
    public Matrix forward(Matrix flat, Matrix input) {
        rows = input.rows();
        if (rows == 0) {
            return Matrix.allocate(0, outputs);
        }
        Matrix x = input;
        int offset = 0;
        for (int l = 0; l < runs.length; l++) {
            x = runs[l].forward(flat.range(offset, 1, parameters[l]), x);
            offset += parameters[l];
        }
        return x;
    }

    @Override
    public void backward(Matrix outputGradient, Matrix gradient) {
        if (rows == 0) {
            gradient.clear();
            return;
        }
        Matrix delta = outputGradient;
        int offset = gradient.size();
        for (int l = runs.length - 1; l >= 0; l--) {
            offset -= parameters[l];
            Matrix below = l == 0 ? inputGradient() : deltas[(l - 1) & 1].range(0, rows, inputs[l]);
            runs[l].backward(delta, gradient.range(offset, 1, parameters[l]), below);
            delta = below;
        }
    }

    @Override
    public Matrix inputGradient() {
        return inputGradient.rows(0, Math.min(rows, inputGradient.rows()));
    }

    @Override
    public long bytes() {
        long bytes = 4L * ((long) deltas[0].size() + deltas[1].size() + inputGradient.size()) + scratch.bytes();
        for (LayerRun run : runs) {
            bytes += run.bytes();
        }
        return bytes;
    }

    @Override
    public void close() {}
}
