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
            assertThat(data.summary().seen()).isPositive();
            assertThat(data.summary().training() + data.summary().seen()).isEqualTo(ROWS);
            assertThat(ids(data, HeldOut.SEEN)).hasSize((int) data.summary().seen());
        }
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
                assertThat((double) data.summary().seen()).isBetween(expected * 0.75, expected * 1.25);
                assertThat(data.summary().training() + data.summary().seen()).isEqualTo(ROWS);
            }
        }
        try (PairData data = open(path, "data.test-share=0.1", "data.train=\"id < 1000\"")) {
            assertThat(ids(data, HeldOut.SEEN)).isNotEmpty().allMatch(id -> id < 1000);
            assertThat(data.summary().rows()).isEqualTo(1000);
        }
    }

    @Test
    void theShareOfACopyInAnotherFolderIsTheSame() {
        Path copy = folder.resolve("a copy/of pairs");
        copyFiles(Path.of(path), copy);
        try (PairData data = open(path, "data.test-share=0.1");
                PairData copied = open(copy.toString(), "data.test-share=0.1")) {
            assertThat(ids(copied, HeldOut.SEEN)).isEqualTo(ids(data, HeldOut.SEEN));
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
            assertThat(ids(moved, HeldOut.SEEN)).isNotEmpty().isEqualTo(ids(data, HeldOut.SEEN));
        }
    }

    @Test
    void theShareByConceptTakesAllRowsOfAConceptAndCallsThemUnseen() {
        try (PairData data = open(path, "data.test-share=0.1", "data.test-by=concept", "data.columns.concept=name")) {
            assertThat(data.summary().seen()).isZero();
            Set<Integer> heldOut = ids(data, HeldOut.UNSEEN);
            assertThat(heldOut).hasSizeBetween(ROWS / 20, ROWS / 5);
            assertThat(heldOut).allMatch(id -> heldOut.contains(id / 4 * 4) && heldOut.contains(id / 4 * 4 + 3));
            assertThat(data.summary().training()).isEqualTo(ROWS - heldOut.size());
        }
        assertThatThrownBy(() -> open(path, "data.test-share=0.1", "data.test-by=concept"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Cannot hold out concepts (data.test-by = concept)");
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
