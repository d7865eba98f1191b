package siglip.job.evaluation;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Searches one side of a held-out set with the other on the cluster: candidates are broadcast, queries are cut into chunks of fixed size, so that the
 * result does not depend on the number of executors.
 */
final class Retrieval {
    private static final int CHUNK = 256; // queries of a task
    private static final int GROUP = 16; // queries whose similarities are held at a time

    private Retrieval() {}

    /** How many of the queries find a candidate of their own concept among the nearest. */
    static RetrievalScore search(JavaSparkContext spark, Items queries, Items candidates) {
        int chunks = (queries.count() + CHUNK - 1) / CHUNK;
        Hits total = new Hits();
        if (chunks == 0) {
            return total.score();
        }
        float[] rows = queries.rows();
        int[] rights = queries.concepts();
        int[] concepts = candidates.concepts();
        Broadcast<float[]> sentRows = spark.broadcast(rows);
        Broadcast<Columns> sentColumns =
                spark.broadcast(Columns.of(candidates.rows(), candidates.count(), candidates.width()));
        try {
            List<double[]> parts = spark.parallelize(
                            IntStream.range(0, chunks).boxed().toList(), Math.min(chunks, spark.defaultParallelism()))
                    .map(chunk -> {
                        int from = chunk * CHUNK;
                        int to = Math.min(from + CHUNK, rights.length);
                        return search(sentRows.value(), rights, from, to, sentColumns.value(), concepts);
                    })
                    .collect();
            parts.forEach(total::add);
        } finally {
            sentRows.destroy();
            sentColumns.destroy();
        }
        return total.score();
    }

    private static double[] search(
            float[] queries, int[] rights, int from, int to, Columns candidates, int[] concepts) {
        Hits hits = new Hits();
        float[][] similarity = new float[GROUP][candidates.count()];
        for (int start = from; start < to; start += GROUP) {
            int count = Math.min(GROUP, to - start);
            candidates.similarities(queries, start, count, similarity);
            for (int q = 0; q < count; q++) {
                hits.add(similarity[q], concepts, candidates.count(), rights[start + q]);
            }
        }
        return hits.toArray();
    }
}
