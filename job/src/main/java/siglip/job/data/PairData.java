package siglip.job.data;

import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;
import scala.Tuple4;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.BatchSource;
import siglip.job.batches.CaptionDraw;
import siglip.job.batches.EncodedPair;
import siglip.job.batches.PackedPairs;
import siglip.job.batches.ReplicatedSource;
import siglip.job.batches.SharedConcepts;
import siglip.job.batches.ShuffledSource;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Source;
import siglip.job.features.FeatureNames;
import siglip.job.features.GivenScaling;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.files.JavaSerialized;
import siglip.job.files.Release;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFailure;
import siglip.job.formats.InvalidRow;
import siglip.job.formats.PairReader;
import siglip.job.formats.PairReader.Identity;
import siglip.job.formats.PairTable;
import siglip.job.order.Keyed;

/**
 * A data set, read once and found valid: what to train on, what is held out, and the sources of batches. Lives on the driver.
 *
 * <p>Everything it hands out depends on the files and the settings alone, not on how Spark cuts the work.
 */
public final class PairData implements AutoCloseable {
    /** Sets of held-out rows. */
    public enum HeldOut {
        /** Rows of concepts that training has. */
        SEEN("seen", "%s of concepts seen in training"),
        /** Rows of concepts that training does not have. */
        UNSEEN("unseen", "%s of concepts not in training"),
        /** Rows of pairs that name no concept: nothing tells whether training has the like. */
        UNSORTED("held_out", "%s");

        private final String key;
        private final String words;

        HeldOut(String key, String words) {
            this.key = key;
            this.words = words;
        }

        /** The name of the set in files: {@code seen}, {@code unseen}, {@code held_out}. */
        @JsonValue
        public String key() {
            return key;
        }

        /** The name of the set for people. */
        public String label() {
            return key.replace('_', ' ');
        }

        /** Some of the set, in words: {@code 3 pairs of concepts seen in training}. */
        public String of(String what) {
            return words.formatted(what);
        }
    }

    private static final int THUMBNAIL = 64;
    private static final long COLLECTED_BYTES = 256L << 20; // per job, well under spark.driver.maxResultSize

    private final JavaSparkContext spark;
    private final DataSettings settings;
    private final PairTable table;
    private final PairReader reader;
    private final RowReader rowReader;
    private final JavaRDD<ReadRow> rows;
    private final JavaRDD<ReadRow> testRows;
    private final DataSummary summary;
    private final KeptSets kept;
    private final List<Broadcast<?>> broadcasts = new ArrayList<>();
    private Optional<PackedPairs> packed = Optional.empty();

    PairData(
            JavaSparkContext spark,
            DataSettings settings,
            PairTable table,
            RowReader rowReader,
            JavaRDD<ReadRow> rows,
            JavaRDD<ReadRow> testRows,
            DataSummary summary,
            KeptSets kept,
            Broadcast<?> concepts) {
        this.spark = spark;
        this.settings = settings;
        this.table = table;
        this.reader = table.reader();
        this.rowReader = rowReader;
        this.rows = rows;
        this.testRows = testRows;
        this.summary = summary;
        this.kept = kept;
        broadcasts.add(concepts);
    }

    /**
     * Reads all rows once and checks them.
     *
     * @param buckets of the text tokens, a power of two; unused when texts are features
     * @throws DataException if columns are missing or do not fit, no row is left to train on, or too many had to be skipped
     */
    public static PairData open(SparkSession spark, DataSettings settings, int buckets) {
        return open(spark, settings, buckets, GivenScaling.NONE);
    }

    /** The same for towers that have learned to take features scaled in one way. */
    public static PairData open(SparkSession spark, DataSettings settings, int buckets, GivenScaling scaling) {
        return DataFailure.named(settings.path(), () -> new DataCheck(spark, settings, buckets, scaling).open());
    }

    public DataSummary summary() {
        return summary;
    }

    /** What a pair looks like. */
    public PairShape shape() {
        return summary.shape();
    }

    /** What makes the features; belongs to the model. */
    public FeatureNames features() {
        return new FeatureNames(reader.image().name(), reader.text().name());
    }

    /** How features are scaled; belongs to the model. */
    public PairScaling scaling() {
        return summary.scaling();
    }

    /** Batches over the training rows; the caller closes them. */
    public BatchSource source(int batchSize, int textsPerImage, long seed) {
        return source(new BatchPlan(summary.training(), batchSize, textsPerImage, seed));
    }

    /** Batches that are independent of each other, and of those that a training with this seed has; the caller closes them. */
    public BatchSource independentBatches(int batchSize, int textsPerImage, long seed) {
        long other = Keyed.bits(Keyed.Use.MEASURING, seed, 0, 0);
        return source(new BatchPlan(summary.training(), batchSize, textsPerImage, other, BatchPlan.Epochs.FIRST_BATCH));
    }

    private BatchSource source(BatchPlan plan) {
        return summary.source() == Source.REPLICATED
                ? new ReplicatedSource(spark, training(), plan)
                : new ShuffledSource(trainingPairs(), shape(), plan, table::requireUnchanged);
    }

    /** All training pairs in the driver's memory, row i with id i: for data sets that are replicated. Read on the first call. */
    public PackedPairs training() {
        if (packed.isEmpty()) {
            packed = Optional.of(DataFailure.named(settings.path(), this::pack));
            table.requireUnchanged();
        }
        return packed.get();
    }

    /** So many of the training pairs at most, which depend on the data and the seed alone. Where the pairs are not replicated this reads the data once more. */
    public TrainingSample trainingSample(int most, long seed) {
        if (summary.source() == Source.REPLICATED) {
            return new TrainingSample(
                    training(),
                    LongStream.of(KeptRows.sampled(summary.training(), most, seed))
                            .mapToInt(Math::toIntExact)
                            .toArray());
        }
        KeptRows sample = kept.training().sample(most, seed);
        PackedPairs.Builder pairs = new PackedPairs.Builder((int) sample.size(), shape());
        JavaRDD<byte[]> encoded = set(sample, 0).encode(rows).map(row -> row.pair);
        DataFailure.named(settings.path(), encoded::collect).forEach(bytes -> pairs.add(new EncodedPair(bytes)));
        table.requireUnchanged();
        return TrainingSample.all(pairs.build());
    }

    /** All held-out pairs in the order of their ids; none if the settings hold out none. */
    public EvaluationRows heldOut(HeldOut set) {
        return heldOut(set, Integer.MAX_VALUE, 0);
    }

    /** The same, but of more than {@code most} pairs a sample of so many, which depends on the data and the seed alone. */
    public EvaluationRows heldOut(HeldOut set, int most, long seed) {
        Optional<KeptRows> chosen = Optional.ofNullable(kept.heldOut().get(set)).map(rows -> rows.sample(most, seed));
        int size = (int) chosen.map(KeptRows::size).orElse(0L).longValue();
        PackedPairs.Builder pairs = new PackedPairs.Builder(size, shape());
        List<String> names = settings.columns().classes();
        String[][] classes = new String[names.size()][size];
        Place[] places = new Place[size];
        if (chosen.isPresent()) {
            JavaRDD<ReadRow> found = set(chosen.get(), summary.training()).encode(testRows);
            List<ReadRow> read = DataFailure.named(settings.path(), found::collect);
            table.requireUnchanged();
            for (ReadRow row : read) {
                EncodedPair pair = new EncodedPair(row.pair);
                pairs.add(pair);
                places[(int) pair.id()] = new Place(row.file, row.row);
                for (int i = 0; i < classes.length; i++) {
                    classes[i][(int) pair.id()] = row.classes[i];
                }
            }
        }
        PackedPairs built = pairs.build();
        Map<String, List<String>> byName = new LinkedHashMap<>();
        for (int i = 0; i < classes.length; i++) {
            byName.put(names.get(i), List.of(classes[i]));
        }
        return new EvaluationRows(built, List.of(places), byName);
    }

    /** Some rows as they were, their pictures at most {@value #THUMBNAIL} pixels wide and high. Reads their files again. */
    public Map<Place, Original> originals(Collection<Place> places) {
        PairReader columns = reader;
        JavaRDD<Tuple4<String, Integer, byte[], String[]>> read = table.scan(
                        places.stream().map(Place::file).distinct().toList(),
                        places.stream().map(Place::row).distinct().toList())
                .map(row -> new Tuple4<>(
                        row.getUTF8String(PairTable.FILE).toString(),
                        (int) row.getLong(PairTable.ROW),
                        thumbnail(columns, row),
                        captions(columns, row)));
        Map<Place, Original> originals = new HashMap<>();
        for (Tuple4<String, Integer, byte[], String[]> each : DataFailure.named(settings.path(), read::collect)) {
            originals.put(new Place(each._1(), each._2()), new Original(each._3(), List.of(each._4())));
        }
        table.requireUnchanged();
        originals
                .keySet()
                .retainAll(Set.copyOf(places)); // a file may have a row of a number that was meant for another
        return originals;
    }

    /** What was understood of a few of the first rows, read again. */
    public List<FirstRow> firstRows(int most) {
        return DataFailure.named(
                settings.path(),
                () -> new FirstRows(table, rowReader, settings.columns().classes(), kept).read(most));
    }

    /** Empty as well for a file that has gone since. */
    private static byte[] thumbnail(PairReader columns, InternalRow row) {
        try {
            return columns.image().thumbnail(row, THUMBNAIL);
        } catch (InvalidRow gone) {
            return new byte[0];
        }
    }

    /**
     * How many training pairs each concept has, given the texts that are drawn in an epoch; nothing where pairs have no concepts. Where the pairs are
     * not replicated this reads all of them once more, as an epoch does.
     */
    public SharedConcepts sharedConcepts(CaptionDraw draw) {
        if (reader.identity() == Identity.ROW) {
            return new SharedConcepts(Map.of());
        }
        if (summary.source() == Source.REPLICATED) {
            return SharedConcepts.of(training(), draw);
        }
        JavaRDD<Integer> concepts = trainingPairs().map(bytes -> new EncodedPair(bytes).conceptId(draw));
        return new SharedConcepts(
                DataFailure.named(settings.path(), () -> concepts.mapToPair(concept -> new Tuple2<>(concept, 1L))
                        .reduceByKey(Long::sum)
                        .values()
                        .countByValue()));
    }

    /** Those that can be used, in the order of their numbers. */
    private static String[] captions(PairReader columns, InternalRow row) {
        try {
            return columns.text().read(row).captions().stream()
                    .map(utf8 -> new String(utf8, StandardCharsets.UTF_8))
                    .toArray(String[]::new);
        } catch (InvalidRow changed) {
            return new String[0];
        }
    }

    private PackedPairs pack() {
        if (summary.training() > Integer.MAX_VALUE - 8) {
            throw new DataException("Cannot hold %d training pairs in memory. Set data.source = shuffled"
                    .formatted(summary.training()));
        }
        JavaRDD<byte[]> encoded = trainingPairs();
        PackedPairs.Builder pairs = new PackedPairs.Builder((int) summary.training(), shape());
        for (int[] group : groups(encoded.getNumPartitions())) {
            for (List<byte[]> part : encoded.collectPartitions(group)) {
                part.forEach(bytes -> pairs.add(new EncodedPair(bytes)));
            }
        }
        return pairs.build();
    }

    private JavaRDD<byte[]> trainingPairs() {
        return set(kept.training(), 0).encode(rows).map(row -> row.pair);
    }

    /** Partitions to collect at a time, so that what comes back at once stays small. */
    private List<int[]> groups(int partitions) {
        int each = (int) Math.max(1, partitions * COLLECTED_BYTES / Math.max(1, summary.packedBytes()));
        List<int[]> groups = new ArrayList<>();
        for (int from = 0; from < partitions; from += each) {
            groups.add(IntStream.range(from, Math.min(partitions, from + each)).toArray());
        }
        return groups;
    }

    private PairSet set(KeptRows chosen, long firstConceptId) {
        Broadcast<JavaSerialized<KeptRows>> ids = spark.broadcast(new JavaSerialized<>(KeptRows.class, chosen));
        broadcasts.add(ids);
        return new PairSet(ids, shape(), scaling(), reader.identity() == Identity.ROW, firstConceptId);
    }

    @Override
    public void close() {
        Release.rows(rows);
        broadcasts.forEach(Release::broadcast);
        broadcasts.clear();
    }
}
