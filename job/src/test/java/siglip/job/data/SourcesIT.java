package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;
import siglip.job.batches.Batch;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.BatchSource;
import siglip.job.batches.CaptionDraw;
import siglip.job.batches.SharedConcepts;
import siglip.job.config.DataSettings.Source;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;

/** Two sources, one order: batches depend on data, seed and size alone. */
class SourcesIT {
    private static final int BATCH = 123; // shared evenly by no number of ranks from 2 to 4

    @Test
    void batchesAreTheSameForEitherSourceAnyNumberOfRanksAndAnyParallelism() {
        List<BatchContents> expected = new ArrayList<>();
        Set<SharedConcepts> shared = new HashSet<>();
        String fingerprint = "";
        for (int cores : new int[] {1, 4}) {
            try (SparkSession spark = TestData.session(cores)) {
                JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
                for (Source kind : List.of(Source.REPLICATED, Source.SHUFFLED)) {
                    try (PairData data = PairData.open(
                                    spark,
                                    TestData.part("data.source=" + kind.name().toLowerCase(Locale.ROOT)),
                                    TestData.BUCKETS);
                            BatchSource source = data.source(BATCH, 1, 5)) {
                        assertThat(data.summary().source()).isEqualTo(kind);
                        shared.add(data.sharedConcepts(new CaptionDraw(5, 0, 0, 1)));
                        for (int ranks = 1; ranks <= 4; ranks++) {
                            List<BatchContents> batches = segments(source, context, ranks);
                            if (expected.isEmpty()) {
                                expected.addAll(batches);
                                fingerprint = data.summary().fingerprint();
                            }
                            assertThat(batches)
                                    .as("%s, %d ranks, %d cores", kind, ranks, cores)
                                    .isEqualTo(expected);
                        }
                        assertThat(data.summary().fingerprint()).isEqualTo(fingerprint);
                    }
                }
            }
        }
        assertThat(expected.get(0).ids()).hasSize(BATCH);
        List<Long> epoch = new ArrayList<>();
        expected.subList(0, 4).forEach(batch -> epoch.addAll(batch.ids()));
        assertThat(new HashSet<>(epoch)).as("no row twice in an epoch").hasSameSizeAs(epoch);
        assertThat(shared).singleElement().matches(each -> each.perBatch(BATCH) > 1);
    }

    @Test
    void aResumeInMidEpochShufflesOnlyWhatIsStillToCome() throws InterruptedException {
        try (SparkSession spark = TestData.session(2);
                PairData data = PairData.open(spark, TestData.part("data.source=shuffled"), TestData.BUCKETS)) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            ShuffledRecords shuffled = new ShuffledRecords();
            context.sc().addSparkListener(shuffled);
            for (int from = 0; from < 4; from++) {
                try (BatchSource source = data.source(BATCH, 1, 5)) { // a new process has a new source
                    long before = shuffled.records.get();
                    BatchContents.read(source, context, 3, from, 4);
                    assertThat(shuffled.awaitAtLeast(before + 1) - before)
                            .as("rows shuffled for steps %d to 3", from)
                            .isEqualTo((4L - from) * BATCH);
                }
            }
        }
    }

    /** Counts the rows that are written to shuffles. */
    private static final class ShuffledRecords extends SparkListener {
        private final AtomicLong records = new AtomicLong();

        @Override
        public void onStageCompleted(SparkListenerStageCompleted stage) {
            records.addAndGet(
                    stage.stageInfo().taskMetrics().shuffleWriteMetrics().recordsWritten());
        }

        /** Stages are told of when they are over, on another thread. */
        long awaitAtLeast(long count) throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (records.get() < count && System.nanoTime() < deadline) {
                Thread.sleep(20);
            }
            return records.get();
        }
    }

    /** Two segments in the first epoch, the second begun twice as after a failure, and one in the next epoch. */
    private static List<BatchContents> segments(BatchSource source, JavaSparkContext spark, int ranks) {
        assertThat(source.plan().batchesPerEpoch()).isEqualTo(4);
        List<BatchContents> batches = new ArrayList<>(BatchContents.read(source, spark, ranks, 0, 1));
        List<BatchContents> attempt = BatchContents.read(source, spark, ranks, 1, 4);
        assertThat(BatchContents.read(source, spark, ranks, 1, 4)).isEqualTo(attempt);
        batches.addAll(attempt);
        batches.addAll(BatchContents.read(source, spark, ranks, 5, 6));
        return batches;
    }

    @Test
    void aShuffledSegmentEndsWithItsEpochAndItsFilesGoWhenTheNextBegins() {
        try (SparkSession spark = TestData.session(2);
                PairData data = PairData.open(spark, TestData.part("data.source=shuffled"), TestData.BUCKETS)) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            List<File> ofReading = shuffleFiles(List.of());
            try (BatchSource source = data.source(BATCH, 1, 5)) {
                assertThat(source.segmentEnd(2)).isEqualTo(4);
                assertThat(source.segmentEnd(4)).isEqualTo(8);
                assertThatThrownBy(() -> source.feed(context, 2, 2, 5)).hasMessageContaining("ends at 4");

                source.feed(context, 2, 0, 2).count();
                List<File> first = shuffleFiles(ofReading);
                source.feed(context, 2, 2, 4).count();
                assertThat(shuffleFiles(ofReading)).as("one shuffle an epoch").isEqualTo(first);
                source.feed(context, 2, 4, 6).count();
                assertThat(first).isNotEmpty().noneMatch(File::exists);
            }
            assertThat(shuffleFiles(ofReading)).isEmpty();
        }
    }

    private static List<File> shuffleFiles(List<File> but) {
        return Arrays.stream(SparkEnv.get().blockManager().diskBlockManager().localDirs())
                .flatMap(folder -> files(folder).stream())
                .filter(file -> file.getName().startsWith("shuffle_") && !but.contains(file))
                .sorted()
                .toList();
    }

    private static List<File> files(File folder) {
        List<File> found = new ArrayList<>();
        for (File file : folder.listFiles()) {
            if (file.isDirectory()) {
                found.addAll(files(file));
            } else {
                found.add(file);
            }
        }
        return found;
    }

    /** A cluster may have set Kryo, which cannot write records; and a barrier stage is particular about what feeds it. */
    @Test
    void bothSourcesServeABarrierStageUnderKryo() {
        try (SparkSession spark = TestData.builder(2)
                .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                .getOrCreate()) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            List<List<Long>> ids = new ArrayList<>();
            for (Source kind : List.of(Source.REPLICATED, Source.SHUFFLED)) {
                try (PairData data = PairData.open(
                                spark,
                                TestData.part("data.source=" + kind.name().toLowerCase(Locale.ROOT)),
                                TestData.BUCKETS);
                        BatchSource source = data.source(BATCH, 1, 5)) {
                    ids.add(idsInBarrierStage(source, context, 2));
                    assertThat(data.heldOut(PairData.HeldOut.UNSEEN, 5, 1).size())
                            .isEqualTo(5);
                }
            }
            assertThat(ids.get(0)).hasSize(BATCH).isEqualTo(ids.get(1));
        }
    }

    private static List<Long> idsInBarrierStage(BatchSource source, JavaSparkContext spark, int ranks) {
        BatchSource.Opener opener = source.opener();
        PairShape shape = source.shape();
        BatchPlan plan = source.plan();
        ClassTag<long[]> tag = ClassTag$.MODULE$.apply(long[].class);
        Stage stage = new Stage(part -> {
            int rank = BarrierTaskContext.get().partitionId();
            Batch batch = new Batch(shape, plan.slices(ranks).size(rank));
            opener.open(rank, ranks, JavaConverters.asJavaIterator(part)).read(2, batch);
            return JavaConverters.asScalaIterator(List.of(batch.ids()).iterator());
        });
        return JavaRDD.fromRDD(source.feed(spark, ranks, 2, 3).rdd().barrier().mapPartitions(stage, false, tag), tag)
                .collect()
                .stream()
                .flatMapToLong(Arrays::stream)
                .boxed()
                .toList();
    }

    /** A function that Spark can ship. */
    private static final class Stage
            extends AbstractFunction1<scala.collection.Iterator<byte[]>, scala.collection.Iterator<long[]>>
            implements Serializable {
        private final Body body;

        Stage(Body body) {
            this.body = body;
        }

        @Override
        public scala.collection.Iterator<long[]> apply(scala.collection.Iterator<byte[]> part) {
            return body.run(part);
        }

        private interface Body extends Serializable {
            scala.collection.Iterator<long[]> run(scala.collection.Iterator<byte[]> part);
        }
    }

    @Test
    void aTrainingSetSmallerThanABatchIsRefusedWithBothNumbers() {
        try (SparkSession spark = TestData.session(1);
                PairData data = PairData.open(spark, TestData.part(), TestData.BUCKETS)) {
            assertThatThrownBy(() -> data.source(4096, 1, 1))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("4096")
                    .hasMessageContaining(Long.toString(data.summary().training()));
        }
    }
}
