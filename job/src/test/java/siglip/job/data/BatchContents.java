package siglip.job.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.batches.Batch;
import siglip.job.batches.BatchSource;
import siglip.job.batches.RankBatches;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;

/** All that is in a global batch, put together from its ranks' slices. */
record BatchContents(List<Long> ids, List<Integer> conceptIds, int images, int texts, List<List<Integer>> tokens) {
    /** Reads steps {@code from} to {@code to - 1} as a segment does, but on the driver. */
    static List<BatchContents> read(BatchSource source, JavaSparkContext spark, int ranks, long from, long to) {
        int steps = (int) (to - from);
        List<BatchContents> batches = new ArrayList<>();
        float[][] images = new float[steps][];
        float[][] texts = new float[steps][];
        int size = source.plan().batchSize();
        PairShape shape = source.shape();
        for (int step = 0; step < steps; step++) {
            batches.add(new BatchContents(new ArrayList<>(), new ArrayList<>(), 0, 0, new ArrayList<>()));
            images[step] = new float[size * shape.imageWidth()];
            texts[step] = new float[size * shape.textWidth()];
        }
        List<byte[]>[] feeds = source.feed(spark, ranks, from, to).collectPartitions(all(ranks));
        for (int rank = 0; rank < ranks; rank++) {
            RankBatches slices = source.opener().open(rank, ranks, feeds[rank].iterator());
            Batch batch = new Batch(shape, source.plan().slices(ranks).size(rank));
            int first = source.plan().slices(ranks).start(rank);
            for (int step = 0; step < steps; step++) {
                slices.read(from + step, batch);
                batch.images().read(0, images[step], first * shape.imageWidth(), batch.rows() * shape.imageWidth());
                batch.texts().read(0, texts[step], first * shape.textWidth(), batch.rows() * shape.textWidth());
                for (int row = 0; row < batch.rows(); row++) {
                    batches.get(step).ids().add(batch.ids()[row]);
                    batches.get(step).conceptIds().add(batch.conceptIds()[row]);
                    batches.get(step).tokens().add(bag(batch.tokens(), row));
                }
            }
        }
        for (int step = 0; step < steps; step++) {
            BatchContents batch = batches.get(step);
            batches.set(
                    step,
                    new BatchContents(
                            batch.ids(),
                            batch.conceptIds(),
                            Arrays.hashCode(images[step]),
                            Arrays.hashCode(texts[step]),
                            batch.tokens()));
        }
        return batches;
    }

    private static List<Integer> bag(TokenBags tokens, int row) {
        if (tokens.rows() == 0) {
            return List.of();
        }
        return Arrays.stream(tokens.tokens(), tokens.start(row), tokens.end(row))
                .boxed()
                .toList();
    }

    private static int[] all(int ranks) {
        int[] partitions = new int[ranks];
        Arrays.setAll(partitions, rank -> rank);
        return partitions;
    }
}
