package siglip.job.training;

import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.batches.Batch;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.BatchSource;
import siglip.job.batches.RankBatches;
import siglip.job.features.PairShape;
import siglip.job.order.Slices;

/**
 * Batches made of a formula: image and text features of a position share a signal, and some concepts repeat. Any rank
 * count sees the same pairs.
 */
record GeneratedSource(int batchSize, int imageWidth, int textWidth, int concepts) implements BatchSource {
    @Override
    public PairShape shape() {
        return new PairShape(imageWidth, textWidth);
    }

    @Override
    public BatchPlan plan() {
        return new BatchPlan(Integer.MAX_VALUE, batchSize, 1, 0);
    }

    @Override
    public long segmentEnd(long step) {
        return Long.MAX_VALUE;
    }

    @Override
    public JavaRDD<byte[]> feed(JavaSparkContext spark, int ranks, long from, long to) {
        return spark.parallelize(List.<byte[]>of(), ranks);
    }

    @Override
    public Opener opener() {
        return new GeneratedOpener(batchSize, concepts);
    }

    @Override
    public void close() {}

    /** Serialised with the stage. */
    record GeneratedOpener(int batchSize, int concepts) implements Opener {
        @Override
        public RankBatches open(int rank, int ranks, Iterator<byte[]> feed) {
            return (step, into) -> fill(step, new Slices(batchSize, ranks), rank, into);
        }

        private void fill(long step, Slices rows, int rank, Batch into) {
            into.start(rows.size(rank));
            for (int i = 0; i < rows.size(rank); i++) {
                long id = step * batchSize + rows.start(rank) + i;
                SplittableRandom random = new SplittableRandom(id % 97);
                into.ids()[i] = id;
                into.conceptIds()[i] = (int) (id % concepts);
                double signal = random.nextDouble(-1, 1);
                for (int k = 0; k < into.images().columns(); k++) {
                    into.images().set(i, k, (float) (signal * (k % 3) + random.nextDouble(-1, 1)));
                }
                for (int k = 0; k < into.texts().columns(); k++) {
                    into.texts().set(i, k, (float) (signal * (k % 5) + random.nextDouble(-1, 1)));
                }
                int[] tokens = {(int) (id % 16), (int) (id % 5), (int) (id % 16)};
                into.tokens().add(tokens, 0, tokens.length);
            }
        }
    }
}
