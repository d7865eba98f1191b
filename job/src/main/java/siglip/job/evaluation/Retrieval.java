package siglip.job.evaluation;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Searches one side of a held-out set with the other on the cluster: candidates are broadcast, queries are cut into chunks of fixed size, so that the
 * result does not depend on the number of executors. All searches of an evaluation make one job.
 */
final class Retrieval {
    private static final int CHUNK = 256; // queries of a task
    private static final int GROUP = 16; // queries whose similarities are held at a time

    private Retrieval() {}

    /** Which items look for which. */
    record Search(Items queries, Items candidates) {}

    /** For each search, how many of the queries find a candidate of their own concept among the nearest. */
    static List<RetrievalScore> run(JavaSparkContext spark, List<Search> searches) {
        int count = searches.size();
        float[][] queries = new float[count][];
        Columns[] candidates = new Columns[count];
        int[][] rights = new int[count][];
        int[][] concepts = new int[count][];
        List<Hits> hits = new ArrayList<>();
        List<int[]> chunks = new ArrayList<>(); // search, first query
        for (int s = 0; s < count; s++) {
            Items from = searches.get(s).queries();
            Items to = searches.get(s).candidates();
            queries[s] = from.rows();
            rights[s] = from.concepts();
            candidates[s] = Columns.of(to.rows(), to.count(), to.width());
            concepts[s] = to.concepts();
            hits.add(new Hits());
            for (int first = 0; first < from.count(); first += CHUNK) {
                chunks.add(new int[] {s, first});
            }
        }
        if (!chunks.isEmpty()) {
            Broadcast<float[][]> sentQueries = spark.broadcast(queries);
            Broadcast<Columns[]> sentCandidates = spark.broadcast(candidates);
            try {
                List<double[]> parts = spark.parallelize(chunks, Math.min(chunks.size(), spark.defaultParallelism()))
                        .map(chunk -> search(
                                sentQueries.value()[chunk[0]],
                                rights[chunk[0]],
                                chunk[1],
                                sentCandidates.value()[chunk[0]],
                                concepts[chunk[0]]))
                        .collect();
                for (int i = 0; i < parts.size(); i++) {
                    hits.get(chunks.get(i)[0]).add(parts.get(i));
                }
            } finally {
                sentQueries.destroy();
                sentCandidates.destroy();
            }
        }
        return hits.stream().map(Hits::score).toList();
    }

    private static double[] search(float[] queries, int[] rights, int from, Columns candidates, int[] concepts) {
        Hits hits = new Hits();
        int to = Math.min(from + CHUNK, rights.length);
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
