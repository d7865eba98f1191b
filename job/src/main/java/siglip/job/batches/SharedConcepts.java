package siglip.job.batches;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * How many training pairs each concept has, as far as batches care: pairs of one concept in one batch are duplicates of each other.
 *
 * @param concepts number of concepts by how many pairs they have
 */
public record SharedConcepts(Map<Long, Long> concepts) {
    public SharedConcepts {
        concepts = Map.copyOf(concepts);
    }

    /** Counts the concepts of pairs that lie in memory, of each that of the text that is drawn. */
    public static SharedConcepts of(PackedPairs pairs, CaptionDraw draw) {
        int[] sorted = IntStream.range(0, pairs.rows())
                .map(row -> pairs.conceptId(row, draw))
                .sorted()
                .toArray();
        Map<Long, Long> concepts = new TreeMap<>();
        int from = 0;
        for (int to = 1; to <= sorted.length; to++) {
            if (to == sorted.length || sorted[to] != sorted[from]) {
                concepts.merge((long) to - from, 1L, Long::sum);
                from = to;
            }
        }
        return new SharedConcepts(concepts);
    }

    /**
     * How many pairs of a batch share their concept with another pair of it, on average over all batches that can be drawn:
     *
     * <pre>{@code
     * sum over concepts of c pairs of  (N c / M) (1 - product for i from 0 to c - 2 of (M - N - i) / (M - 1 - i))
     * }</pre>
     *
     * <p>A pair of the concept is in the batch with probability {@code N / M}; the product is the probability that the other {@code c - 1} are
     * then all among the {@code M - N} pairs outside. M is the number of pairs, N the batch.
     */
    public double perBatch(int batchSize) {
        long rows = concepts.entrySet().stream()
                .mapToLong(each -> each.getKey() * each.getValue())
                .sum();
        double shared = 0;
        for (Map.Entry<Long, Long> each : new TreeMap<>(concepts).entrySet()) {
            double alone = 1;
            for (long i = 0; i < each.getKey() - 1 && alone > 0; i++) {
                alone *= (double) Math.max(0, rows - batchSize - i) / (rows - 1 - i);
            }
            shared += (double) each.getKey() * each.getValue() * (1 - alone);
        }
        return rows == 0 ? 0 : shared * batchSize / rows;
    }
}
