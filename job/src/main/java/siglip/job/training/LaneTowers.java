package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import siglip.job.batches.Batch;
import siglip.job.order.Slices;
import siglip.job.stage.Lanes;
import siglip.job.towers.Modality;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.job.towers.TowerPair;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.SparseRows;
import siglip.kernels.blas.Sums;

/**
 * The towers of one lane: rows of a batch to embeddings, and gradients of embeddings to a gradient of the model. More rows than a
 * micro-batch are embedded one micro-batch after the other, without keeping activations, and pass forward again before
 * their gradient; the result is exact, and activations take the memory of one micro-batch. The arms take turns.
 */
final class LaneTowers implements AutoCloseable {
    private final TowerPair towers;
    private final ParameterLayout layout;
    private final int microBatch;
    private final Matrix dense;
    private final Matrix more; // of the second micro-batch on; empty when there is but one
    private final List<SparseRows> tables = new ArrayList<>(); // by micro-batch
    private Batch batch;
    private long seed;
    private long step;

    /** @param rows most rows of the lane */
    private LaneTowers(SegmentPlan plan, MatrixProducts products, int rows) {
        microBatch = plan.microBatch();
        layout = plan.model().layout();
        int parts = cut(rows).ranks();
        towers = new TowerPair(plan.model(), products, Math.min(rows, microBatch));
        dense = Matrix.allocate(1, layout.dense());
        more = Matrix.allocate(1, parts == 1 ? 0 : layout.dense());
        for (int part = 0; part < parts; part++) {
            tables.add(new SparseRows(layout.tableWidth()));
        }
        batch = new Batch(plan.model().shape(), 0);
    }

    /**
     * The towers of a rank, shared by its arms: one pair for each lane.
     *
     * @param rows most rows of the rank's batch
     */
    static List<LaneTowers> open(SegmentPlan plan, Lanes lanes, int rows) {
        int largest = lanes.cut(rows).largest();
        return IntStream.range(0, lanes.count())
                .mapToObj(lane -> new LaneTowers(plan, lanes.kernels(lane).products(), largest))
                .toList();
    }

    /** How rows are cut into micro-batches: into one, if there are none. */
    private Slices cut(int rows) {
        return Slices.ofAtMost(rows, microBatch);
    }

    private Batch part(Slices cut, int part) {
        return cut.ranks() == 1 ? batch : batch.part(cut.start(part), cut.size(part));
    }

    /** Embeds the rows of a batch. */
    void forward(Parameters parameters, Batch of, long seedOf, long stepOf, Matrix images, Matrix texts) {
        batch = of;
        seed = seedOf;
        step = stepOf;
        Slices cut = cut(batch.rows());
        for (int part = 0; part < cut.ranks(); part++) {
            Batch rows = part(cut, part);
            towers.forward(Modality.IMAGE, parameters, rows, seed, step, rows(cut, part, images));
            towers.forward(Modality.TEXT, parameters, rows, seed, step, rows(cut, part, texts));
        }
    }

    private static Matrix rows(Slices cut, int part, Matrix of) {
        return of.rows(cut.start(part), cut.size(part));
    }

    /**
     * Turns the gradient of the images or texts embedded last into the lane's gradient of their tower, and of the table where they are texts.
     *
     * @param embeddings which are written again with the same numbers when there are several micro-batches
     */
    void backward(Modality of, Parameters parameters, Matrix embeddings, Matrix gradient) {
        Slices cut = cut(batch.rows());
        for (int part = 0; part < cut.ranks(); part++) {
            Batch rows = part(cut, part);
            if (cut.ranks() > 1) {
                towers.forward(of, parameters, rows, seed, step, rows(cut, part, embeddings));
            }
            Matrix into = part == 0 ? dense : more;
            towers.backward(of, rows, rows(cut, part, gradient), into, tables.get(part));
            if (part > 0) {
                Sums.add(layout.of(of, more), layout.of(of, dense));
            }
        }
    }

    /** In place of a backward pass, the gradient of a tower that is frozen: zeros, and no rows of the table. */
    void noGradient(Modality of) {
        layout.of(of, dense).clear();
        if (of == Modality.TEXT) {
            tables.forEach(SparseRows::clear);
        }
    }

    /** The gradient with respect to the towers, 1 x P; valid until the next backward pass. */
    Matrix dense() {
        return dense;
    }

    /** The gradient with respect to the touched rows of the table, a share for each micro-batch; valid as long. */
    List<SparseRows> table() {
        return tables.subList(0, cut(batch.rows()).ranks());
    }

    long bytes() {
        return towers.bytes()
                + 4L * (dense.size() + more.size())
                + tables.stream().mapToLong(SparseRows::bytes).sum();
    }

    @Override
    public void close() {
        towers.close();
    }
}
