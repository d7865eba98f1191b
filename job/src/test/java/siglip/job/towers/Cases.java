package siglip.job.towers;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import siglip.job.batches.Batch;
import siglip.job.config.TowerSettings;
import siglip.job.features.PairShape;
import siglip.kernels.blas.Matrix;

/** Small towers and random batches for them. */
public final class Cases {
    public static final long SEED = Long.getLong("test.seed", 1);
    public static final int BUCKETS = 97;

    private Cases() {}

    public static TowerSettings settings(List<Integer> hidden, String activation, double dropout) {
        return settings(hidden, activation, dropout, Optional.empty(), Optional.empty());
    }

    public static TowerSettings settings(
            List<Integer> hidden,
            String activation,
            double dropout,
            Optional<String> imageGraph,
            Optional<String> textGraph) {
        return new TowerSettings(
                5,
                new TowerSettings.Tower(hidden, activation, dropout, imageGraph),
                new TowerSettings.Tower(hidden, activation, dropout, textGraph),
                new TowerSettings.Table(BUCKETS, 6, 0.5));
    }

    /** {@code rows} random pairs with scattered ids; some bags are empty, some hold a token twice. */
    public static Batch batch(PairShape shape, int rows, Random random) {
        Batch batch = new Batch(shape, rows + 2);
        batch.start(rows);
        fill(batch.images(), random);
        fill(batch.texts(), random);
        for (int i = 0; i < rows; i++) {
            batch.ids()[i] = random.nextInt(1_000_000);
            int[] tokens = new int[shape.textIsTokens() ? random.nextInt(6) : 0];
            for (int k = 0; k < tokens.length; k++) {
                tokens[k] = k > 1 ? tokens[0] : random.nextInt(BUCKETS);
            }
            batch.tokens().add(tokens, 0, tokens.length);
        }
        return batch;
    }

    /** Rows {@code from} to {@code from + count - 1} as a batch of their own. */
    static Batch part(Batch whole, PairShape shape, int from, int count) {
        Batch part = new Batch(shape, count);
        part.start(count);
        part.images().copyFrom(whole.images().rows(from, count));
        part.texts().copyFrom(whole.texts().rows(from, count));
        for (int i = 0; i < count; i++) {
            part.ids()[i] = whole.ids()[from + i];
            int start = whole.tokens().start(from + i);
            part.tokens().add(whole.tokens().tokens(), start, whole.tokens().end(from + i) - start);
        }
        return part;
    }

    static Matrix random(int rows, int columns, Random random) {
        Matrix matrix = Matrix.allocate(rows, columns);
        fill(matrix, random);
        return matrix;
    }

    private static void fill(Matrix matrix, Random random) {
        for (int i = 0; i < matrix.size(); i++) {
            matrix.floats().put(i, (float) random.nextGaussian());
        }
    }
}
