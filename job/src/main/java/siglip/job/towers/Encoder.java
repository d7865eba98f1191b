package siglip.job.towers;

import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/** One tower of a pair with what lies around it: input dropout before it, the scaling of rows to length 1 after it. */
final class Encoder implements AutoCloseable {
    private final Tower tower;
    private final InputDropout dropout;
    private final UnitRows unit;
    private final Matrix room; // for inputs that are made here; no rows where the batch's own will do
    private Matrix output = Matrix.allocate(0, 0);
    private long seed;
    private long step;

    /** @param wanted needed where inputs are sums of table rows */
    Encoder(TowerPlan plan, Modality modality, MatrixProducts products, int capacity, Tower.InputGradient wanted) {
        tower = plan.open(products, capacity, wanted);
        dropout = new InputDropout(plan.inputDropout(), modality, plan.in());
        unit = new UnitRows(capacity, plan.out());
        boolean made = wanted == Tower.InputGradient.NEEDED || dropout.active();
        room = Matrix.allocate(made ? capacity : 0, plan.in());
    }

    /** Memory for inputs that are not the batch's own. */
    Matrix room(int rows) {
        return room.rows(0, rows);
    }

    /** @param ids of the rows, which with seed and step decide what is dropped */
    void forward(Matrix parameters, Matrix input, long[] ids, long seedOf, long stepOf, Matrix embeddings) {
        seed = seedOf;
        step = stepOf;
        Matrix kept = input;
        if (dropout.active()) {
            kept = room(input.rows());
            dropout.apply(seed, step, ids, input, kept);
        }
        output = tower.forward(parameters, kept);
        unit.forward(output, embeddings);
    }

    /**
     * @param delta capacity x d, to work in
     * @param gradient 1 x parameters, overwritten
     */
    void backward(Matrix embeddingGradient, Matrix delta, Matrix gradient) {
        Matrix outputGradient = delta.rows(0, output.rows());
        unit.backward(output, embeddingGradient, outputGradient);
        tower.backward(outputGradient, gradient);
    }

    /** Gradient with respect to the input before dropout, after {@link #backward}; to be asked for once. */
    Matrix inputGradient(long[] ids) {
        Matrix gradient = tower.inputGradient();
        if (dropout.active()) {
            dropout.apply(seed, step, ids, gradient, gradient);
        }
        return gradient;
    }

    long bytes() {
        return tower.bytes() + 4L * room.size();
    }

    @Override
    public void close() {
        tower.close();
    }
}
