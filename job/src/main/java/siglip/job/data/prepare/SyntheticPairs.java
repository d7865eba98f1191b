package siglip.job.data.prepare;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import siglip.job.files.OwnFolder;

/**
 * Feature pairs of any number and width with a known amount of signal: {@code prepare synthetic}.
 *
 * <pre>{@code
 * z       latent vector of the pair, standard normal
 * image = sqrt(s / (1 + s)) * A z + sqrt(1 / (1 + s)) * noise     A, B: fixed random projections
 * text  = sqrt(s / (1 + s)) * B z + sqrt(1 / (1 + s)) * noise     s: signal to noise
 * }</pre>
 *
 * Each feature has variance 1 over the draws of everything random. A row depends on seed and id alone, not on partitions.
 */
public final class SyntheticPairs {
    private static final StructType SCHEMA = new StructType()
            .add("id", DataTypes.LongType, false)
            .add("image", DataTypes.createArrayType(DataTypes.FloatType, false), false)
            .add("text", DataTypes.createArrayType(DataTypes.FloatType, false), false);

    private SyntheticPairs() {}

    /**
     * What to make.
     *
     * @param rows number of pairs, ids 0 to rows - 1
     * @param imageWidth floats of an image
     * @param textWidth floats of a text
     * @param latentWidth dimensions that the two sides share
     * @param signalToNoise variance of what they share over that of the noise; 0 for none
     * @param seed of everything random
     * @param files to write
     */
    public record Spec(
            long rows, int imageWidth, int textWidth, int latentWidth, double signalToNoise, long seed, int files)
            implements Serializable {
        public Spec {
            if (rows < 1 || imageWidth < 1 || textWidth < 1 || latentWidth < 1 || files < 1) {
                throw new IllegalArgumentException(
                        "Cannot make %d pairs of %d and %d floats with %d latent ones in %d files: all must be at least 1"
                                .formatted(rows, imageWidth, textWidth, latentWidth, files));
            }
            if (!(signalToNoise >= 0 && Double.isFinite(signalToNoise))) {
                throw new IllegalArgumentException(
                        "Cannot make pairs with a signal to noise of %s".formatted(signalToNoise));
            }
        }
    }

    /**
     * Writes Parquet files with columns {@code id}, {@code image} and {@code text}, in place of what the program has written there before.
     *
     * @throws IOException if they cannot be written
     */
    public static void write(SparkSession spark, Spec spec, OwnFolder folder) throws IOException {
        JavaRDD<Row> rows =
                spark.range(0, spec.rows(), 1, spec.files()).toJavaRDD().mapPartitions(ids -> rows(spec, ids));
        WholeParquet.write(spark.createDataFrame(rows, SCHEMA), folder, "part-%s.parquet"::formatted);
    }

    private static Iterator<Row> rows(Spec spec, Iterator<Long> ids) {
        float[][] image = projection(spec, spec.imageWidth(), -1);
        float[][] text = projection(spec, spec.textWidth(), -2);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return ids.hasNext();
            }

            @Override
            public Row next() {
                long id = ids.next();
                KeyedGaussians draws = new KeyedGaussians(spec.seed(), id);
                double[] latent = draws.next(spec.latentWidth());
                return RowFactory.create(id, side(spec, image, latent, draws), side(spec, text, latent, draws));
            }
        };
    }

    private static float[] side(Spec spec, float[][] projection, double[] latent, KeyedGaussians draws) {
        double signal = Math.sqrt(spec.signalToNoise() / (1 + spec.signalToNoise()));
        double noise = Math.sqrt(1 / (1 + spec.signalToNoise()));
        double[] drawn = draws.next(projection.length);
        float[] features = new float[projection.length];
        for (int i = 0; i < features.length; i++) {
            double shared = 0;
            for (int j = 0; j < latent.length; j++) {
                shared += projection[i][j] * latent[j];
            }
            features[i] = (float) (signal * shared + noise * drawn[i]);
        }
        return features;
    }

    /** A {@code width x latentWidth} matrix of variance 1 / latentWidth. */
    private static float[][] projection(Spec spec, int width, long stream) {
        KeyedGaussians draws = new KeyedGaussians(spec.seed(), stream);
        float[][] matrix = new float[width][spec.latentWidth()];
        for (float[] row : matrix) {
            double[] drawn = draws.next(row.length);
            for (int j = 0; j < row.length; j++) {
                row[j] = (float) (drawn[j] / Math.sqrt(spec.latentWidth()));
            }
        }
        return matrix;
    }
}
