package siglip.job.planning;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import siglip.job.batches.Batch;
import siglip.job.config.Settings;
import siglip.job.losses.LossBlock;
import siglip.job.losses.LossSpec;
import siglip.job.losses.LossWork;
import siglip.job.towers.Modality;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.job.towers.TowerPair;
import siglip.job.training.UpdateProbe;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.SparseRows;
import siglip.kernels.blas.Sums;

/**
 * Measures {@link Rates} on this machine: the losses, the towers and the optimizer themselves, on blocks of the size that they have in the run,
 * or on smaller ones where that makes no difference.
 */
final class RateProbe implements AutoCloseable {
    private static final int MOST_ROWS = 1024; // of a block or a batch: beyond, time is proportional
    private static final int MOST_PARAMETERS = 1 << 22;
    private static final int MOST_PIECES = 64;
    private static final int FLOATS = 1 << 20; // more than a core's own cache
    private static final long SEED = 1;

    private final MeasuringThreads threads;
    private final Settings settings;
    private final ModelSpec model;
    private final List<LossKernels> kernels;

    /** @param cores that measure at the same time */
    RateProbe(Settings settings, ModelSpec model, int cores) {
        this.settings = settings;
        this.model = model;
        threads = new MeasuringThreads(cores);
        try {
            kernels = threads.each(thread -> LossKernels.open(settings.loss().numerics()));
        } catch (RuntimeException e) {
            threads.close();
            throw e;
        }
    }

    /** The kernels of the first thread: what they are, not to be run. */
    LossKernels kernels() {
        return kernels.get(0);
    }

    /** What the library reaches in each precision that it has here. */
    List<ProductRates> products() {
        return Stream.of(Precision.values())
                .flatMap(precision -> ProductRates.measure(settings, model, precision, threads).stream())
                .toList();
    }

    Rates measure(Workload work) {
        int rows = Math.min(work.lossShape().laneRows(), MOST_ROWS);
        int columns = Math.min(work.lossShape().localRows(), MOST_ROWS);
        double[] towers = towers(Math.min(work.towerRows(), MOST_ROWS));
        return new Rates(
                towers[0],
                towers[1],
                losses(work.losses(), rows, columns),
                perFloat(Sums::add),
                perFloat((from, to) -> to.copyFrom(from)),
                update(work));
    }

    /** Forward and backward, seconds for a pair. */
    private double[] towers(int rows) {
        List<Pass> passes = threads.each(thread -> new Pass(model, kernels.get(thread), settings, rows));
        try {
            double forward = threads.seconds(thread -> passes.get(thread)::forward);
            double both = threads.seconds(thread -> passes.get(thread)::both);
            return new double[] {forward / rows, Math.max(0, both - forward) / rows};
        } finally {
            threads.close(passes, pass -> pass.towers.close());
        }
    }

    /** One pair of towers with a batch. */
    private static final class Pass {
        private final TowerPair towers;
        private final Parameters parameters;
        private final Batch batch;
        private final Matrix images;
        private final Matrix texts;
        private final Matrix gradient;
        private final SparseRows table;

        Pass(ModelSpec model, LossKernels kernels, Settings settings, int rows) {
            towers = new TowerPair(model, kernels.products(), rows);
            parameters = model.initial(SEED);
            images = unit(rows, model.width());
            texts = unit(rows, model.width());
            gradient = Matrix.allocate(1, model.layout().dense());
            table = new SparseRows(model.layout().tableWidth());
            batch = new Batch(model.shape(), rows);
            batch.start(rows);
            batch.images().copyFrom(unit(rows, batch.images().columns()));
            batch.texts().copyFrom(unit(rows, batch.texts().columns()));
            SplittableRandom random = new SplittableRandom(SEED);
            for (int row = 0; row < rows; row++) {
                batch.ids()[row] = row;
                if (model.shape().textIsTokens()) {
                    int[] tokens = random.ints(
                                    settings.plan().tokens(), 0, model.layout().tableRows())
                            .toArray();
                    batch.tokens().add(tokens, 0, tokens.length);
                }
            }
        }

        void forward() {
            towers.forward(Modality.IMAGE, parameters, batch, SEED, 0, images);
            towers.forward(Modality.TEXT, parameters, batch, SEED, 0, texts);
        }

        void both() {
            forward();
            towers.backward(Modality.IMAGE, batch, images, gradient, table);
            towers.backward(Modality.TEXT, batch, texts, gradient, table);
        }
    }

    /** Seconds for one of what each part of the losses' work counts, by name. */
    private Map<String, Double> losses(List<LossForm> losses, int rows, int columns) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (LossForm loss : new LinkedHashSet<>(losses)) {
            for (LossWork part : LossSpec.of(loss).work()) {
                List<LossBlock> blocks = threads.each(thread ->
                        LossBlock.of(kernels.get(thread), unit(rows, model.width()), unit(columns, model.width())));
                double all = threads.seconds(thread -> part.prepare().apply(blocks.get(thread)));
                seconds.put(part.name(), all / part.count().applyAsDouble(blocks.get(0)));
            }
        }
        return seconds;
    }

    private double perFloat(BiConsumer<Matrix, Matrix> move) {
        return threads.seconds(thread -> {
                    Matrix from = Matrix.allocate(1, FLOATS);
                    Matrix to = Matrix.allocate(1, FLOATS);
                    return () -> move.accept(from, to);
                })
                / FLOATS;
    }

    /** Wall time, since the optimizer uses all cores of the driver: of its runs the lower quartile, as others on the machine can only slow it down. */
    private double update(Workload work) {
        ParameterLayout layout = work.layout();
        int dense = Math.min(layout.dense(), MOST_PARAMETERS);
        int touched = (int) work.touchedRows(work.lossShape().rows().total());
        ParameterLayout smaller = new ParameterLayout(dense, 0, layout.tableRows(), layout.tableWidth());
        UpdateProbe probe = new UpdateProbe(
                settings.training(), smaller, Math.min(work.lossShape().ranks(), MOST_PIECES), touched);
        double[] times = new double[17];
        for (int i = -8; i < times.length; i++) {
            long start = System.nanoTime();
            probe.update();
            times[Math.max(0, i)] = (System.nanoTime() - start) * 1e-9;
        }
        Arrays.sort(times);
        return times[times.length / 4] / (dense + (double) touched * Math.max(1, layout.tableWidth()));
    }

    /** Rows of random direction, each of length 1. */
    static Matrix unit(int rows, int width) {
        Matrix matrix = Matrix.allocate(rows, width);
        SplittableRandom random = new SplittableRandom(SEED + rows);
        float[] row = new float[width];
        for (int i = 0; i < rows; i++) {
            double squares = 0;
            for (int k = 0; k < width; k++) {
                row[k] = (float) random.nextGaussian();
                squares += row[k] * row[k];
            }
            for (int k = 0; k < width; k++) {
                row[k] /= (float) Math.sqrt(squares);
            }
            matrix.write(i * width, row, 0, width);
        }
        return matrix;
    }

    @Override
    public void close() {
        threads.close(kernels, LossKernels::close);
        threads.close();
    }
}
