package siglip.job.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.BatchSource;
import siglip.job.batches.Concepts;
import siglip.job.batches.EncodedPair;
import siglip.job.batches.KeptRows;
import siglip.job.batches.PackedPairs;
import siglip.job.batches.PairEncoder;
import siglip.job.batches.ReplicatedSource;
import siglip.job.batches.Shipped;
import siglip.job.batches.ShuffledSource;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Source;
import siglip.job.data.ScanSummary.Fate;
import siglip.job.features.FeatureScaling;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFailure;
import siglip.job.formats.PairTable;

/**
 * A data set, read once and found valid: what to train on, what is held out, and the sources of batches. Lives on the driver.
 *
 * <p>Everything it hands out depends on the files and the settings alone, not on how Spark cuts the work.
 */
public final class PairData implements AutoCloseable {
    /** Sets of held-out rows. */
    public enum HeldOut {
        /** Rows of the test predicate, apart from those of concepts that are left out. */
        SEEN,
        /** Rows of the test predicate whose concept is left out of training. */
        UNSEEN
    }

    private static final long COLLECTED_BYTES = 256L << 20; // per job, well under spark.driver.maxResultSize

    private final JavaSparkContext spark;
    private final DataSettings settings;
    private final PairTable table;
    private final FeatureScaling scaling;
    private final DataSummary summary;
    private final Map<Fate, KeptRows> kept;
    private final Broadcast<Shipped<Concepts>> concepts;
    private final List<Broadcast<?>> broadcasts = new ArrayList<>();
    private Optional<PackedPairs> packed = Optional.empty();

    PairData(
            JavaSparkContext spark,
            DataSettings settings,
            PairTable table,
            FeatureScaling scaling,
            DataSummary summary,
            Map<Fate, KeptRows> kept,
            Broadcast<Shipped<Concepts>> concepts) {
        this.spark = spark;
        this.settings = settings;
        this.table = table;
        this.scaling = scaling;
        this.summary = summary;
        this.kept = kept;
        this.concepts = concepts;
        broadcasts.add(concepts);
    }

    /**
     * Reads all rows once and checks them.
     *
     * @param buckets of the text tokens, a power of two; unused when texts are features
     * @throws DataException if columns are missing or do not fit, no row is left to train on, or too many had to be skipped
     */
    public static PairData open(SparkSession spark, DataSettings settings, int buckets) {
        return DataFailure.named(settings.path(), () -> new DataCheck(spark, settings, buckets).open());
    }

    public DataSummary summary() {
        return summary;
    }

    /** What a pair looks like. */
    public PairShape shape() {
        return summary.shape();
    }

    /** How image features are scaled; belongs to the model. */
    public FeatureScaling scaling() {
        return scaling;
    }

    /** Batches over the training rows; the caller closes them. */
    public BatchSource source(int batchSize, long seed) {
        BatchPlan plan = new BatchPlan(summary.training(), batchSize, seed);
        return summary.source() == Source.REPLICATED
                ? new ReplicatedSource(spark, training(), plan)
                : new ShuffledSource(table, encoder(Fate.TRAIN, 0), shape(), plan);
    }

    /** All training pairs in the driver's memory, row i with id i: for data sets that are replicated. Read on the first call. */
    public PackedPairs training() {
        if (packed.isEmpty()) {
            packed = Optional.of(DataFailure.named(settings.path(), this::pack));
        }
        return packed.get();
    }

    /** Held-out pairs in the order of their ids, the first {@code most} of them; none if the settings hold out none. */
    public EvaluationRows heldOut(HeldOut set, int most) {
        Fate fate = set == HeldOut.SEEN ? Fate.SEEN : Fate.UNSEEN;
        KeptRows rows = kept.get(fate);
        int size = (int) Math.min(most, rows.size());
        if (size == 0) {
            return HeldOutRow.collect(shape(), settings.columns().classes(), List.of());
        }
        long first = summary.training() + (fate == Fate.UNSEEN ? summary.seen() : 0);
        PairEncoder encoder = encoder(fate, first);
        int classes = settings.columns().classes().size();
        JavaRDD<byte[]> rowsFound = table.scanTest()
                .mapPartitions(part -> encoder.each(
                        part,
                        id -> id < size,
                        (id, row) -> Shipped.bytes(HeldOutRow.of(encoder.encode(id, row), row, classes))));
        List<byte[]> found = DataFailure.named(settings.path(), rowsFound::collect);
        return HeldOutRow.collect(shape(), settings.columns().classes(), found);
    }

    private PackedPairs pack() {
        if (summary.training() > Integer.MAX_VALUE - 8) {
            throw new DataException("Cannot hold %d training pairs in memory. Set data.source = shuffled"
                    .formatted(summary.training()));
        }
        PairEncoder encoder = encoder(Fate.TRAIN, 0);
        JavaRDD<byte[]> encoded = table.scan()
                .mapPartitions(part -> encoder.each(
                        part, id -> true, (id, row) -> encoder.encode(id, row).bytes()));
        EncodedPair[] pairs = new EncodedPair[(int) summary.training()];
        for (int[] group : groups(encoded.getNumPartitions())) {
            for (List<byte[]> part : encoded.collectPartitions(group)) {
                for (byte[] bytes : part) {
                    EncodedPair pair = new EncodedPair(bytes);
                    pairs[(int) pair.id()] = pair;
                }
            }
        }
        return PackedPairs.of(shape(), pairs);
    }

    /** Partitions to collect at a time, so that what comes back at once stays small. */
    private List<int[]> groups(int partitions) {
        long each = Math.max(1, partitions * COLLECTED_BYTES / Math.max(1, summary.packedBytes()));
        List<int[]> groups = new ArrayList<>();
        for (int from = 0; from < partitions; ) {
            int count = (int) Math.min(each, partitions - from);
            int[] group = new int[count];
            int start = from;
            Arrays.setAll(group, i -> start + i);
            groups.add(group);
            from += count;
        }
        return groups;
    }

    private PairEncoder encoder(Fate fate, long firstConceptId) {
        Broadcast<Shipped<KeptRows>> rows = spark.broadcast(new Shipped<>(KeptRows.class, kept.get(fate)));
        broadcasts.add(rows);
        return new PairEncoder(table.reader(), rows, concepts, scaling, firstConceptId);
    }

    @Override
    public void close() {
        broadcasts.forEach(Broadcast::destroy);
        broadcasts.clear();
    }
}
