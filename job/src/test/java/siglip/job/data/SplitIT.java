package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.data.PairData.HeldOut;
import siglip.job.formats.DataException;

/** What is trained on and what is held out: by predicates that can be trusted, or as a share. */
class SplitIT {
    private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);
    private static final StructType SCHEMA = new StructType()
            .add("image", FLOATS)
            .add("text", FLOATS)
            .add("id", DataTypes.IntegerType)
            .add("name", DataTypes.StringType);
    private static final int ROWS = 2000;
    private static SparkSession spark;

    @TempDir
    private static Path folder;

    private static String path;

    @BeforeAll
    static void write() {
        spark = TestData.session(2);
        path = folder.resolve("pairs").toString();
        for (int half = 0; half < 2; half++) {
            TestData.write(spark, Path.of(path), SCHEMA, rows(half * ROWS / 2, (half + 1) * ROWS / 2));
        }
    }

    private static List<Row> rows(int from, int to) {
        List<Row> rows = new ArrayList<>();
        for (int id = from; id < to; id++) {
            rows.add(RowFactory.create(new float[] {id + 1}, new float[] {1}, id, "name " + id / 4));
        }
        return rows;
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rand(7) < 0.3",
                "id < 3 AND NOT (id > 5 OR randn() > 0)",
                "uuid() < '8'",
                "shuffle(array(1, 2))[0] = 1",
                "monotonically_increasing_id() < 100",
                "spark_partition_id() = 0",
                "input_file_block_start() = 0",
                "current_date() > DATE '2020-01-01'",
                "second(now()) < 30",
                "unix_timestamp() % 2 = 0",
                "localtimestamp() > TIMESTAMP_NTZ '2020-01-01 00:00:00'",
                "id IN (SELECT col FROM VALUES (1), (2) AS t(col) WHERE rand() < 0.5)",
                "id IN (SELECT col FROM VALUES (1), (2) AS t(col) LIMIT 1)",
                "id IN (SELECT col FROM (SELECT 1 AS col) TABLESAMPLE (50 PERCENT))"
            })
    void aPredicateThatMayChangeItsMindIsRefused(String sql) {
        for (String setting : List.of("data.test", "data.train")) {
            assertThatThrownBy(() -> open(path, setting + "=\"" + sql + "\""))
                    .isInstanceOf(DataException.class)
                    .hasMessageStartingWith("Cannot use %s = '%s': ".formatted(setting, sql))
                    .hasMessageContaining("may give something else each time it is evaluated")
                    .hasMessageContaining("pmod(xxhash64(a column), 10) = 0");
        }
    }

    /** Tells whether it was loaded. */
    static final class Named {
        static {
            System.setProperty("siglip.named", "loaded");
        }

        public static String method() {
            return "called";
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "java_method('CLASS', 'method') = 'called'",
                "REFLECT('CLASS', 'method') IS NOT NULL",
                "`reflect`('CLASS', 'method') = ''",
                "try_reflect('CLASS', 'method') = ''",
                "id > 3 AND coalesce(concat('a', reflect('CLASS', 'method')), '') = ''",
                "id IN (SELECT length(java_method('CLASS', 'method')))",
                "EXISTS (WITH t AS (SELECT reflect('CLASS', 'method') AS c) SELECT 1 FROM t)",
                "id IN (SELECT sum(id) OVER w FROM range(3) WINDOW w AS (ORDER BY reflect('CLASS', 'method')))",
                "exists(filter(array(id), x -> reflect('CLASS', 'method') = 'called'), x -> true)"
            })
    void aPredicateThatCallsAMethodByItsNameIsRefusedBeforeTheClassIsLoaded(String pattern) {
        String sql = pattern.replace("CLASS", SplitIT.class.getName() + "$Named");
        for (String setting : List.of("data.test", "data.train")) {
            assertThatThrownBy(() -> open(path, setting + "=\"" + sql + "\""))
                    .isInstanceOf(DataException.class)
                    .hasMessageStartingWith("Cannot use %s = '%s': ".formatted(setting, sql))
                    .hasMessageContaining("calls Java methods by their names");
        }
        assertThat(System.getProperty("siglip.named")).isNull();
    }

    @Test
    void aSchemaInAPredicateNamesNoClass() {
        String sql =
                "from_json('{}', '{\\\"type\\\":\\\"udt\\\",\\\"class\\\":\\\"%s$Named\\\",\\\"pyClass\\\":null,\\\"sqlType\\\":\\\"string\\\"}') is null"
                        .formatted(SplitIT.class.getName());
        assertThatThrownBy(() -> open(path, "data.test=\"" + sql + "\"")).isInstanceOf(DataException.class);
        assertThat(System.getProperty("siglip.named")).isNull();
    }

    @Test
    void aPredicateOnTheNameOfTheFileIsWrittenWithItsMetadata() {
        assertThatThrownBy(() -> open(path, "data.test=\"input_file_name() LIKE '%part%'\""))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("such as _metadata.file_path LIKE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"count(1) > 3", "row_number() OVER (ORDER BY id) < 4", "explode(array(true, false))"})
    void aPredicateOverManyRowsIsRefused(String sql) {
        assertThatThrownBy(() -> open(path, "data.test=\"" + sql + "\""))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("Cannot use data.test = '%s': ".formatted(sql));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pmod(xxhash64(id), 2) = 0",
                "_metadata.file_path LIKE '%part%' AND id < 1000",
                "id IN (SELECT col FROM VALUES (1), (2), (3) AS t(col) ORDER BY col LIMIT 2)"
            })
    void aPredicateOnWhatIsInTheRowsIsTaken(String sql) {
        try (PairData data = open(path, "data.test=\"" + sql + "\"")) {
            assertThat(heldOut(data)).isPositive();
            assertThat(data.summary().training() + heldOut(data)).isEqualTo(ROWS);
            assertThat(ids(data, HeldOut.UNSORTED)).hasSize((int) heldOut(data));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"raise_error('no') IS NULL", "assert_true(id < 3) IS NULL"})
    void anErrorThatAPredicateRaisesIsOneOfTheData(String sql) {
        assertThatThrownBy(() -> open(path, "data.train=\"" + sql + "\"").close())
                .isInstanceOf(DataException.class);
    }

    @Test
    void aViewThatCallsAMethodByItsNameIsRefused() {
        spark.newSession()
                .sql(
                        "CREATE VIEW calling AS SELECT id, java_method('java.lang.System', 'lineSeparator') AS text FROM range(3)");

        assertThatThrownBy(() -> open("table:calling", "data.format=table", "data.columns.key=id"))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("Cannot read table:calling: java_method calls Java methods by their names");
    }

    @Test
    void aViewThatMayGiveOtherRowsIsRefused() {
        spark.read().parquet(path).createOrReplaceTempView("all_pairs");
        spark.sql("CREATE OR REPLACE TEMP VIEW some_pairs AS SELECT * FROM all_pairs WHERE rand() < 0.5");
        String[] settings = {"data.format=table", "data.columns.key=id"};
        assertThatThrownBy(() -> open("table:some_pairs", settings))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("it is a query with rand, which may give other rows each time");
        try (PairData data = open("table:all_pairs", settings)) {
            assertThat(data.summary().training()).isEqualTo(ROWS);
        }
    }

    @Test
    void aShareOfTheRowsIsHeldOutAndTheRestTrainedOn() {
        for (String share : List.of("0.1", "0.5")) {
            try (PairData data = open(path, "data.test-share=" + share)) {
                double expected = ROWS * Double.parseDouble(share);
                assertThat((double) heldOut(data)).isBetween(expected * 0.75, expected * 1.25);
                assertThat(data.summary().training() + heldOut(data)).isEqualTo(ROWS);
            }
        }
        try (PairData data = open(path, "data.test-share=0.1", "data.train=\"id < 1000\"")) {
            assertThat(ids(data, HeldOut.UNSORTED)).isNotEmpty().allMatch(id -> id < 1000);
            assertThat(data.summary().rows()).isEqualTo(1000);
        }
    }

    @Test
    void theShareOfACopyInAnotherFolderIsTheSame() {
        Path copy = folder.resolve("a copy/of pairs");
        copyFiles(Path.of(path), copy);
        try (PairData data = open(path, "data.test-share=0.1");
                PairData copied = open(copy.toString(), "data.test-share=0.1")) {
            assertThat(ids(copied, HeldOut.UNSORTED)).isEqualTo(ids(data, HeldOut.UNSORTED));
            assertThat(copied.summary().fingerprint()).isEqualTo(data.summary().fingerprint());
        }
    }

    @Test
    void theShareByKeyIsTheSameInWhateverFileARowStands() {
        List<Row> shuffled = new ArrayList<>(rows(0, ROWS));
        Collections.shuffle(shuffled, new Random(1));
        String other = TestData.write(spark, folder.resolve("shuffled"), SCHEMA, shuffled);
        String[] settings = {"data.test-share=0.1", "data.columns.key=id"};
        try (PairData data = open(path, settings);
                PairData moved = open(other, settings)) {
            assertThat(ids(moved, HeldOut.UNSORTED)).isNotEmpty().isEqualTo(ids(data, HeldOut.UNSORTED));
        }
    }

    @Test
    void theShareByConceptTakesAllRowsOfAConceptAndCallsThemUnseen() {
        try (PairData data = open(path, "data.test-share=0.1", "data.test-by=concept", "data.columns.concept=name")) {
            assertThat(data.summary().heldOut()).containsOnlyKeys(HeldOut.UNSEEN);
            Set<Integer> heldOut = ids(data, HeldOut.UNSEEN);
            assertThat(heldOut).hasSizeBetween(ROWS / 20, ROWS / 5);
            assertThat(heldOut).allMatch(id -> heldOut.contains(id / 4 * 4) && heldOut.contains(id / 4 * 4 + 3));
            assertThat(data.summary().training()).isEqualTo(ROWS - heldOut.size());
        }
        assertThatThrownBy(() -> open(path, "data.test-share=0.1", "data.test-by=concept"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Cannot hold out concepts (data.test-by = concept)");
    }

    /** Of "name n" there are rows 4 n to 4 n + 3. */
    @Test
    void aHeldOutRowIsSeenIfItsConceptIsInATrainingRow() {
        String[] settings = {
            "data.columns.concept=name",
            "data.test=\"id % 4 = 3 OR id < 40\"",
            "data.train=\"id % 4 = 1 AND id >= 40 AND id < 1000\""
        };
        for (int cores : new int[] {1, 5}) {
            spark.conf().set("spark.sql.files.maxPartitionBytes", cores == 1 ? "128MB" : "2kB");
            try (PairData data = open(path, settings)) {
                assertThat(ids(data, HeldOut.SEEN)).hasSize(240).allMatch(id -> id >= 40 && id < 1000);
                assertThat(ids(data, HeldOut.UNSEEN)).hasSize(40 + 250).allMatch(id -> id < 40 || id >= 1000);
                assertThat(data.summary().heldOut())
                        .containsOnly(Map.entry(HeldOut.SEEN, 240L), Map.entry(HeldOut.UNSEEN, 290L));
            }
        }
        spark.conf().unset("spark.sql.files.maxPartitionBytes");
        try (PairData data = open(path, "data.columns.concept=name", "data.test=\"id % 4 = 3\"")) {
            assertThat(data.summary().heldOut()).containsOnly(Map.entry(HeldOut.SEEN, (long) ROWS / 4));
        }
        try (PairData data = open(path, "data.columns.concept=name", "data.test=\"id < 40\"")) {
            assertThat(data.summary().heldOut()).containsOnly(Map.entry(HeldOut.UNSEEN, 40L));
        }
        try (PairData data = open(path, "data.columns.concept=name", "data.test-share=0.5")) {
            Set<Integer> unseen = ids(data, HeldOut.UNSEEN);
            assertThat(unseen).as("one concept in sixteen is drawn as a whole").hasSizeBetween(50, 250);
            assertThat(unseen).allMatch(id -> unseen.contains(id / 4 * 4) && unseen.contains(id / 4 * 4 + 3));
            assertThat(data.summary().heldOut().get(HeldOut.SEEN) + unseen.size())
                    .isEqualTo(heldOut(data));
        }
    }

    @Test
    void aPredicateThatHoldsNothingOutIsAnError() {
        assertThatThrownBy(() -> open(path, "data.test=\"name = 'test'\""))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(
                        "none of its %d valid rows is taken by data.test = 'name = 'test''".formatted(ROWS))
                .hasMessageContaining("data.test-share = 0.1");
    }

    @Test
    void aShareThatDrawsNoneOfFewRowsIsAnError() {
        assertThatThrownBy(() -> open(path, "data.train=\"id < 3\"", "data.test-share=0.000001"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none of its 3 valid rows is drawn by data.test-share = 1.0E-6")
                .hasMessageContaining("Set a larger share, or null");
    }

    @Test
    void aTrainingRowThatIsInvalidMakesNoConceptSeen() {
        List<Row> rows = List.of(
                RowFactory.create(new float[] {1}, new float[] {1}, 0, "a"),
                RowFactory.create(null, new float[] {1}, 1, "b"),
                RowFactory.create(new float[] {1, 2}, new float[] {1}, 2, "c"),
                RowFactory.create(new float[] {4}, new float[] {1}, 3, "d"),
                RowFactory.create(new float[] {5}, new float[] {1}, 100, "a"),
                RowFactory.create(new float[] {6}, new float[] {1}, 100, "b"),
                RowFactory.create(new float[] {7}, new float[] {1}, 100, "c"));
        String some = TestData.write(spark, folder.resolve("invalid"), SCHEMA, rows);
        try (PairData data =
                open(some, "data.columns.concept=name", "data.test=\"id = 100\"", "data.max-skipped-share=1")) {
            assertThat(ids(data, HeldOut.SEEN)).containsExactly(4);
            assertThat(ids(data, HeldOut.UNSEEN)).containsExactly(5, 6);
        }
    }

    @Test
    void aCaptionIsAConceptWhereNoColumnNamesThem() {
        String[] settings = {"data.columns.text=name", "data.test=\"id % 4 = 3 OR id < 40\""};
        try (PairData data = open(path, settings)) {
            assertThat(data.summary().heldOut())
                    .containsOnly(Map.entry(HeldOut.SEEN, 490L), Map.entry(HeldOut.UNSEEN, 40L));
        }
        try (PairData data = open(path, "data.columns.text=\"name\"", "data.test=\"id < 40\"")) {
            assertThat(data.summary().heldOut()).containsOnly(Map.entry(HeldOut.UNSEEN, 40L));
        }
    }

    @Test
    void conceptsThatAreLeftOutAreEvaluatedWhereNothingElseIsHeldOut() {
        for (String source : List.of("replicated", "shuffled")) {
            try (PairData data =
                    open(path, "data.columns.concept=name", "data.left-out-every=10", "data.source=" + source)) {
                Set<Integer> unseen = ids(data, HeldOut.UNSEEN);
                assertThat(data.summary().heldOut()).containsOnly(Map.entry(HeldOut.UNSEEN, ROWS / 10L));
                assertThat(unseen).hasSize(ROWS / 10);
                assertThat(unseen).allMatch(id -> unseen.contains(id / 4 * 4) && unseen.contains(id / 4 * 4 + 3));
                assertThat(data.summary().training()).isEqualTo(ROWS - ROWS / 10);
                assertThat(data.summary().leftOut()).isZero();
                assertThat(data.summary().leftOutConcepts()).isEqualTo(ROWS / 40);
                assertThat(data.summary().rows()).isEqualTo(ROWS);
            }
        }
        try (PairData data =
                open(path, "data.columns.concept=name", "data.left-out-every=10", "data.test=\"id % 4 = 3\"")) {
            assertThat(data.summary().heldOut())
                    .containsOnly(Map.entry(HeldOut.SEEN, 450L), Map.entry(HeldOut.UNSEEN, 50L));
            assertThat(data.summary().leftOut())
                    .as("rows of the test's concepts")
                    .isEqualTo(150);
        }
    }

    private static void copyFiles(Path from, Path to) {
        try (Stream<Path> files = Files.list(from)) {
            Files.createDirectories(to);
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".parquet")).toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static long heldOut(PairData data) {
        return data.summary().heldOut().values().stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    /** The rows of a held-out set, by what is in their images. */
    private static Set<Integer> ids(PairData data, HeldOut set) {
        EvaluationRows rows = data.heldOut(set);
        Set<Integer> ids = new TreeSet<>();
        float[] image = new float[1];
        for (int row = 0; row < rows.size(); row++) {
            rows.pairs().image(row, image, 0);
            ids.add((int) image[0] - 1);
        }
        return ids;
    }

    private static PairData open(String path, String... settings) {
        return PairData.open(spark, TestData.features(path, settings), TestData.BUCKETS);
    }
}
