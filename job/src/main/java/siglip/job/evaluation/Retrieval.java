package siglip.job.evaluation;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import siglip.job.files.JavaSerialized;
import siglip.job.files.Release;

/**
 * Searches one side of a held-out set with the other on the cluster: candidates are broadcast, queries are cut into chunks of fixed size, so that the
 * result does not depend on the number of executors. All searches of an evaluation make one job.
 */
final class Retrieval {
    private static final int CHUNK = 256; // queries of a task
    private static final int GROUP = 16; // queries whose similarities are held at a time

    private Retrieval() {}

    /** Which side searches which. */
    record Search(EmbeddedSide queries, CandidateBlocks candidates) implements Serializable {
        Search(EmbeddedSide queries, EmbeddedSide candidates) {
            this(queries, CandidateBlocks.of(candidates));
        }

        /** Those of the queries from one on, up to a chunk of them. */
        private Hits hits(int from) {
            Hits hits = new Hits();
            int to = Math.min(from + CHUNK, queries.count());
            float[][] similarity = new float[GROUP][candidates.count()];
            for (int start = from; start < to; start += GROUP) {
                int count = Math.min(GROUP, to - start);
                candidates.similarities(queries.rows(), start, count, similarity);
                for (int q = 0; q < count; q++) {
                    hits.add(similarity[q], candidates.right(queries.concepts()[start + q]));
                }
            }
            return hits;
        }
    }

    private record Chunk(int search, int from) implements Serializable {}

    /** For each search, how many of the queries find a candidate that shares a concept with them among the nearest. */
    static List<Hits> run(JavaSparkContext spark, List<Search> searches) {
        List<Chunk> chunks = new ArrayList<>();
        for (int s = 0; s < searches.size(); s++) {
            for (int from = 0; from < searches.get(s).queries().count(); from += CHUNK) {
                chunks.add(new Chunk(s, from));
            }
        }
        List<Hits> hits = searches.stream().map(search -> new Hits()).toList();
        if (!chunks.isEmpty()) {
            Broadcast<JavaSerialized<Search[]>> sent =
                    spark.broadcast(new JavaSerialized<>(Search[].class, searches.toArray(Search[]::new)));
            try {
                List<Integer> places = IntStream.range(0, chunks.size()).boxed().toList();
                List<byte[]> parts = spark.parallelize(places, Math.min(places.size(), spark.defaultParallelism()))
                        .map(place -> {
                            Chunk chunk = chunks.get(place);
                            return JavaSerialized.bytes(
                                    sent.value().value()[chunk.search()].hits(chunk.from()));
                        })
                        .collect();
                for (int i = 0; i < parts.size(); i++) {
                    hits.get(chunks.get(i).search()).add(JavaSerialized.read(Hits.class, parts.get(i)));
                }
            } finally {
                Release.broadcast(sent);
            }
        }
        return hits;
    }
}
