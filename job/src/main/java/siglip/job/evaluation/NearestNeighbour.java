package siglip.job.evaluation;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import siglip.job.batches.PackedPairs;
import siglip.job.data.EvaluationRows;
import siglip.job.files.Release;

/**
 * A yardstick without any model: names a held-out image after the training image whose scaled features are nearest in angle. Candidates are concepts, each as
 * near as its nearest image. A concept that training never saw cannot be named: such a query counts as not found.
 */
public final class NearestNeighbour {
    private static final int CHUNK = 64; // queries of a task
    private static final int GROUP = 16;
    private static final long SHARD_FLOATS = 8L << 20; // training images searched in one job

    private NearestNeighbour() {}

    /** A training image, and one of its concepts. */
    private record Named(int concept, int row) {}

    /** The share of held-out images of which a concept is among the 1, 5 and 10 nearest concepts of the training images. */
    public static RetrievalScore search(JavaSparkContext spark, PackedPairs training, EvaluationRows heldOut) {
        int width = training.shape().imageWidth();
        // An image of several captions is an image of each of them where captions stand for concepts.
        List<Named> images = IntStream.range(0, training.rows())
                .boxed()
                .flatMap(row ->
                        IntStream.of(HeldOutSet.concepts(training, row)).mapToObj(concept -> new Named(concept, row)))
                .sorted(Comparator.comparingInt(Named::concept))
                .toList();
        int[] sorted = images.stream().mapToInt(Named::row).toArray();
        int[] concepts = images.stream().mapToInt(Named::concept).toArray();
        float[] queries =
                features(heldOut.pairs(), IntStream.range(0, heldOut.size()).toArray());
        int[][] rights = IntStream.range(0, heldOut.size())
                .mapToObj(row -> HeldOutSet.concepts(heldOut.pairs(), row))
                .toArray(int[][]::new);
        int[] levelRight = new int[rights.length];
        float[] best = best(training, sorted, concepts, queries, rights, levelRight);
        int[] nearer = new int[rights.length];
        int[] level = new int[rights.length];
        Broadcast<float[]> sentQueries = spark.broadcast(queries);
        try {
            int from = 0;
            while (from < sorted.length) {
                int to = shardEnd(concepts, from, width);
                CandidateBlocks shard = candidates(training, sorted, concepts, from, to);
                count(spark, shard, Arrays.copyOfRange(concepts, from, to), sentQueries, rights, best, nearer, level);
                from = to;
            }
        } finally {
            Release.broadcast(sentQueries);
        }
        Hits hits = new Hits();
        for (int q = 0; q < rights.length; q++) {
            hits.add(new Hits.Query(nearer[q], level[q], levelRight[q], rights[q].length));
        }
        return hits.score();
    }

    /**
     * For each query the similarity of the nearest training image of a concept of its own; minus infinity if there is none.
     *
     * @param level is filled with how many of its concepts have an image as near as that
     */
    private static float[] best(
            PackedPairs training, int[] sorted, int[] concepts, float[] queries, int[][] rights, int[] level) {
        float[] best = new float[rights.length];
        float[][] similarity = new float[1][concepts.length];
        for (int q = 0; q < rights.length; q++) {
            float[] nearest = new float[rights[q].length];
            best[q] = Float.NEGATIVE_INFINITY;
            for (int r = 0; r < nearest.length; r++) {
                int[] own = range(concepts, rights[q][r]);
                CandidateBlocks candidates = candidates(training, sorted, concepts, own[0], own[1]);
                candidates.similarities(queries, q, 1, similarity);
                nearest[r] = Float.NEGATIVE_INFINITY;
                for (int j = 0; j < candidates.count(); j++) {
                    nearest[r] = Math.max(nearest[r], similarity[0][j]);
                }
                best[q] = Math.max(best[q], nearest[r]);
            }
            for (float each : nearest) {
                level[q] += each > Float.NEGATIVE_INFINITY && each >= best[q] - Hits.TIE ? 1 : 0;
            }
        }
        return best;
    }

    private static CandidateBlocks candidates(PackedPairs training, int[] sorted, int[] concepts, int from, int to) {
        return CandidateBlocks.of(new EmbeddedSide(
                features(training, Arrays.copyOfRange(sorted, from, to)),
                Arrays.copyOfRange(concepts, from, to),
                training.shape().imageWidth()));
    }

    /** From where to where a concept lies among sorted ones. */
    private static int[] range(int[] concepts, int concept) {
        int at = Arrays.binarySearch(concepts, concept);
        int from = Math.max(at, 0);
        int to = from;
        while (from > 0 && concepts[from - 1] == concept) {
            from--;
        }
        while (to < concepts.length && concepts[to] == concept) {
            to++;
        }
        return new int[] {from, to};
    }

    /** End of a shard: a concept lies in one shard alone. */
    private static int shardEnd(int[] concepts, int from, int width) {
        int to = (int) Math.min(concepts.length, from + Math.max(1, SHARD_FLOATS / width));
        while (to < concepts.length && concepts[to] == concepts[to - 1]) {
            to++;
        }
        return to;
    }

    /** Adds for each query how many other concepts of the shard are nearer than its own, and how many are level. */
    private static void count(
            JavaSparkContext spark,
            CandidateBlocks shard,
            int[] concepts,
            Broadcast<float[]> queries,
            int[][] rights,
            float[] best,
            int[] nearer,
            int[] level) {
        int chunks = (rights.length + CHUNK - 1) / CHUNK;
        Broadcast<CandidateBlocks> candidates = spark.broadcast(shard);
        try {
            List<int[]> parts = spark.parallelize(
                            IntStream.range(0, chunks).boxed().toList(),
                            Math.max(1, Math.min(chunks, spark.defaultParallelism())))
                    .map(chunk -> {
                        int from = chunk * CHUNK;
                        int to = Math.min(from + CHUNK, rights.length);
                        return count(candidates.value(), concepts, queries.value(), rights, best, from, to);
                    })
                    .collect();
            for (int chunk = 0; chunk < parts.size(); chunk++) {
                int[] counts = parts.get(chunk);
                for (int i = 0; i < counts.length / 2; i++) {
                    nearer[chunk * CHUNK + i] += counts[2 * i];
                    level[chunk * CHUNK + i] += counts[2 * i + 1];
                }
            }
        } finally {
            Release.broadcast(candidates);
        }
    }

    private static int[] count(
            CandidateBlocks candidates,
            int[] concepts,
            float[] queries,
            int[][] rights,
            float[] best,
            int from,
            int to) {
        int[] counts = new int[2 * (to - from)];
        float[][] similarity = new float[GROUP][concepts.length];
        for (int start = from; start < to; start += GROUP) {
            int group = Math.min(GROUP, to - start);
            candidates.similarities(queries, start, group, similarity);
            for (int q = 0; q < group; q++) {
                int at = 0;
                while (at < concepts.length) {
                    int concept = concepts[at];
                    float near = Float.NEGATIVE_INFINITY;
                    for (; at < concepts.length && concepts[at] == concept; at++) {
                        near = Math.max(near, similarity[q][at]);
                    }
                    if (IntStream.of(rights[start + q]).noneMatch(right -> right == concept)) {
                        float own = best[start + q];
                        counts[2 * (start + q - from)] += near > own + Hits.TIE ? 1 : 0;
                        counts[2 * (start + q - from) + 1] += Math.abs(near - own) <= Hits.TIE ? 1 : 0;
                    }
                }
            }
        }
        return counts;
    }

    /** Features of some rows, scaled to length 1. */
    private static float[] features(PackedPairs pairs, int[] of) {
        int width = pairs.shape().imageWidth();
        float[] rows = new float[Math.multiplyExact(of.length, width)];
        for (int i = 0; i < of.length; i++) {
            pairs.image(of[i], rows, i * width);
        }
        return Embedder.unit(rows, width);
    }
}
