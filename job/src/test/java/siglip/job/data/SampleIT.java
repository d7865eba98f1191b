package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import siglip.job.batches.Batch;
import siglip.job.batches.BatchSource;
import siglip.job.batches.PackedPairs;
import siglip.job.data.PairData.HeldOut;
import siglip.job.features.HashedWords;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;

/** The sample in the repository, as a run of the default settings sees it. */
class SampleIT {
    private static final int FLAGS = 9; // of countries, that one vendor alone draws

    private static SparkSession spark;
    private static PairData data;

    @BeforeAll
    static void open() {
        spark = TestData.session(2);
        data = PairData.open(spark, TestData.sample(), TestData.BUCKETS);
    }

    @AfterAll
    static void close() {
        data.close();
        spark.stop();
    }

    @Test
    void holdsThreeDrawingStylesAndNoInvalidRow() {
        DataSummary summary = data.summary();

        assertThat(summary.rows()).isEqualTo(4430);
        assertThat(summary.skipped()).isEmpty();
        assertThat(summary.training() + summary.leftOut()).isEqualTo(1644 + 1561);
        assertThat(summary.heldOut())
                .containsOnly(Map.entry(HeldOut.SEEN, 1098L), Map.entry(HeldOut.UNSEEN, 118L + FLAGS));
        assertThat(summary.leftOutConcepts()).isBetween(summary.concepts() / 10, summary.concepts() / 10 + 1);
        assertThat(summary.fingerprint()).hasSize(64);
        assertThat(data.shape()).isEqualTo(new PairShape(976, 0));
    }

    @Test
    void conceptsOfUnseenRowsAreInNoTrainingRowAndThoseOfSeenOnesAre() {
        PackedPairs training = data.training();
        Set<Integer> trained = new HashSet<>();
        IntStream.range(0, training.rows()).forEach(row -> trained.add(training.conceptId(row)));

        EvaluationRows unseen = data.heldOut(HeldOut.UNSEEN);
        EvaluationRows seen = data.heldOut(HeldOut.SEEN);

        for (int row = 0; row < unseen.size(); row++) {
            assertThat(trained).doesNotContain(unseen.pairs().conceptId(row));
        }
        for (int row = 0; row < seen.size(); row++) {
            assertThat(trained).contains(seen.pairs().conceptId(row));
            assertThat(seen.pairs().conceptId(row) % 10).isNotZero();
        }
        assertThat(IntStream.range(0, unseen.size())
                        .filter(row -> unseen.pairs().conceptId(row) % 10 != 0))
                .as("not left out, but in no training row")
                .hasSize(FLAGS);
    }

    @Test
    void heldOutRowsCarryTheirClassesAndTheTokensOfTheirDescription() {
        EvaluationRows seen = data.heldOut(HeldOut.SEEN);

        assertThat(seen.classes()).containsOnlyKeys("group", "subgroup");
        int[] tokens = new HashedWords(TestData.BUCKETS).of("2nd place medal");
        int medal = IntStream.range(0, seen.size())
                .filter(row -> Arrays.equals(described(seen, row), tokens))
                .findFirst()
                .orElseThrow();
        assertThat(seen.classes().get("group").get(medal)).isEqualTo("Activities");
        assertThat(seen.classes().get("subgroup").get(medal)).isEqualTo("award-medal");
    }

    @Test
    void ofALargeHeldOutSetASampleIsReadByTheSeed() {
        List<Integer> all = concepts(data.heldOut(HeldOut.SEEN));
        List<Integer> sample = concepts(data.heldOut(HeldOut.SEEN, 100, 1));

        assertThat(sample).hasSize(100).isEqualTo(concepts(data.heldOut(HeldOut.SEEN, 100, 1)));
        assertThat(all).containsSubsequence(sample);
        assertThat(sample).isNotEqualTo(all.subList(0, 100));
        assertThat(sample).isNotEqualTo(concepts(data.heldOut(HeldOut.SEEN, 100, 2)));
        assertThat(concepts(data.heldOut(HeldOut.SEEN, all.size(), 1))).isEqualTo(all);
    }

    private static List<Integer> concepts(EvaluationRows rows) {
        return IntStream.range(0, rows.size()).mapToObj(rows.pairs()::conceptId).toList();
    }

    private static int[] described(EvaluationRows rows, int row) {
        TokenBags bags = new TokenBags();
        rows.pairs().addTokens(row, false, bags);
        return Arrays.copyOfRange(bags.tokens(), bags.start(0), bags.end(0));
    }

    /** Fixed-point sums are off by at most 2^-33 a value; floats of scaled features by a few units in the last place of values up to 60. */
    @Test
    void trainingFeaturesHaveMeanZeroAndDeviationOneOrLess() {
        PackedPairs training = data.training();
        float[] row = new float[976];
        double[] sum = new double[976];
        double[] squares = new double[976];
        for (int i = 0; i < training.rows(); i++) {
            training.image(i, row, 0);
            for (int j = 0; j < row.length; j++) {
                sum[j] += row[j];
                squares[j] += (double) row[j] * row[j];
            }
        }
        for (int j = 0; j < row.length; j++) {
            double divisor = data.scaling().image().divisor()[j];
            assertThat(sum[j] / training.rows()).isCloseTo(0, within(1e-5));
            assertThat(Math.sqrt(squares[j] / training.rows())).isCloseTo((divisor - 0.001) / divisor, within(1e-4));
        }
    }

    @Test
    void idsAndFingerprintDoNotDependOnHowTheFilesAreCut() {
        spark.conf().set("spark.sql.files.maxPartitionBytes", "400000");
        try (PairData cut = PairData.open(spark, TestData.sample(), TestData.BUCKETS)) {
            assertThat(cut.summary()).isEqualTo(data.summary());
            assertThat(cut.scaling().image().mean()).hasSize(976);
        } finally {
            spark.conf().unset("spark.sql.files.maxPartitionBytes");
        }
    }

    @Test
    void ranksTogetherReadTheBatchThatOneRankReads() throws Exception {
        try (BatchSource source = data.source(250, 1, 1)) {
            Batch whole = new Batch(data.shape(), 250);
            source.opener().open(0, 1, List.<byte[]>of().iterator()).read(14, whole);
            for (int ranks = 2; ranks <= 4; ranks++) {
                int at = 0;
                for (int rank = 0; rank < ranks; rank++) {
                    Batch part = new Batch(data.shape(), 84 + 42);
                    source.opener()
                            .open(rank, ranks, List.<byte[]>of().iterator())
                            .read(14, part);
                    for (int row = 0; row < part.rows(); row++, at++) {
                        assertThat(part.ids()[row]).isEqualTo(whole.ids()[at]);
                        assertThat(part.conceptIds()[row]).isEqualTo(whole.conceptIds()[at]);
                        assertThat(part.images().get(row, 500))
                                .isEqualTo(whole.images().get(at, 500));
                        assertThat(part.tokens().end(row) - part.tokens().start(row))
                                .isEqualTo(
                                        whole.tokens().end(at) - whole.tokens().start(at));
                    }
                }
                assertThat(at).isEqualTo(250);
            }
        }
    }
}
