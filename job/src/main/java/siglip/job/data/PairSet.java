package siglip.job.data;

import java.io.Serializable;
import java.util.Arrays;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import siglip.job.batches.EncodedPair;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.files.JavaSerialized;

/**
 * One set of rows on the executors: gives them ids, and their features the common scale.
 *
 * @param ownConcepts whether each row is a concept of its own, since pairs have none
 * @param firstConceptId that of row 0 in that case
 */
record PairSet(
        Broadcast<JavaSerialized<KeptRows>> kept,
        PairShape shape,
        PairScaling scaling,
        boolean ownConcepts,
        long firstConceptId)
        implements Serializable {
    /** The rows of this set; all others are dropped. */
    JavaRDD<ReadRow> encode(JavaRDD<ReadRow> rows) {
        return rows.filter(row -> idOf(row) >= 0).map(row -> {
            EncodedPair pair = new EncodedPair(row.pair);
            long id = idOf(row);
            int[] concepts = pair.conceptIds();
            if (ownConcepts) {
                Arrays.fill(concepts, (int) (firstConceptId + id));
            }
            return row.with(pair.with(id, concepts, shape, scaling).bytes());
        });
    }

    private long idOf(ReadRow row) {
        return kept.value().value().idOf(row.file, row.row);
    }
}
