package siglip.job.planning;

import java.util.List;
import java.util.Optional;
import siglip.job.config.Settings;
import siglip.job.towers.ModelSpec;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.MatrixProducts.Into;
import siglip.kernels.blas.Precision;

/**
 * What the product library reaches on one core, in operations a second (two for each multiplication): to show what the times rest on.
 *
 * @param precision in which operands are read
 * @param tile the logits of a tile: tile x d by tile x d, transposed
 * @param tower a layer from image features to embeddings: 512 rows x features by d x features, transposed
 */
public record ProductRates(Precision precision, double tile, double tower) {
    private static final int ROWS = 512;

    /** Empty where the library cannot multiply in this precision here. */
    static Optional<ProductRates> measure(
            Settings settings, ModelSpec model, Precision precision, MeasuringThreads threads) {
        List<MatrixProducts> products;
        try {
            products = threads.each(
                    thread -> MatrixProducts.open(settings.loss().numerics().products(), precision.id()));
        } catch (IllegalStateException unavailable) {
            return Optional.empty();
        }
        try {
            int tile = settings.loss().numerics().tile();
            return Optional.of(new ProductRates(
                    precision,
                    rate(threads, products, tile, model.width(), tile),
                    rate(threads, products, ROWS, model.shape().imageWidth(), model.width())));
        } finally {
            threads.close(products, MatrixProducts::close);
        }
    }

    private static double rate(
            MeasuringThreads threads, List<MatrixProducts> products, int rows, int inner, int columns) {
        double seconds = threads.seconds(thread -> {
            Matrix a = RateProbe.unit(rows, inner);
            Matrix b = RateProbe.unit(columns, inner);
            Matrix c = Matrix.allocate(rows, columns);
            return () -> products.get(thread).timesTransposed(a, b, c, Into.OVERWRITE);
        });
        return 2.0 * rows * inner * columns / seconds;
    }
}
