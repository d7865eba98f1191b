package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.DataSettings;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;

/** Parquet as other programs write it: types that Spark does not know, shards that differ, files that are something else. */
class ParquetIT extends OnLocalSpark {
    private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);
    private static final DataType DOUBLES = DataTypes.createArrayType(DataTypes.DoubleType);
    /** The first image and text of both files are the same numbers, rounded to halves in the one, times 40 and cut to whole ones in the other. */
    @Test
    void float16AndInt8AreReadAsTheNumbersThatTheyAre() {
        String test = "data.test=\"split = 'test'\"";
        try (PairData halves = open(cases("features-float16", "data.columns.text=caption", test));
                PairData bytes = open(cases("features-int8", "data.columns.text=caption", test))) {
            assertThat(halves.shape()).isEqualTo(new PairShape(24, 20));
            assertThat(bytes.shape()).isEqualTo(new PairShape(24, 20));
            assertThat(halves.summary().training()).isEqualTo(80);
            assertThat(halves.summary().heldOut()).containsOnly(Map.entry(PairData.HeldOut.UNSORTED, 16L));
            assertThat(bytes.summary().training()).isEqualTo(80);
            float[] half = new float[24];
            float[] whole = new float[24];
            for (int row = 0; row < 80; row++) {
                halves.training().image(row, half, 0);
                bytes.training().image(row, whole, 0);
                for (int i = 0; i < 24; i++) {
                    assertThat(whole[i]).isCloseTo(Math.max(-127, Math.min(127, half[i] * 40)), within(1.1f));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"oddities", "stream-split"})
    void columnsThatNobodyUsesNeverMatter(String name) {
        try (PairData data = open(cases(name))) {
            assertThat(data.summary().training()).isEqualTo(12);
            assertThat(data.shape()).isEqualTo(new PairShape(24, 20));
        }
    }

    @Test
    void aColumnThatCannotBeReadIsNamedWithAWayOutWhereItIsUsed() {
        assertThatThrownBy(() -> open(cases(
                        "oddities",
                        "data.columns.image=decimals",
                        "data.columns.classes=[half, nanos, split, nothing, nano]")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(
                        "column 'decimals' (data.columns.image) is array<decimal(5,2)>; an array of float")
                .hasMessageContaining("column 'half' (data.columns.classes) is float16")
                .hasMessageContaining("cast('float32')")
                .hasMessageContaining("column 'nanos' (data.columns.classes) holds times in nanoseconds")
                .hasMessageContaining("coerce_timestamps='us'")
                .hasMessageContaining(
                        "column 'split' (data.columns.classes) is encoded as BYTE_STREAM_SPLIT in oddities.parquet")
                .hasMessageContaining("column 'nothing' (data.columns.classes) holds nothing but nulls")
                .hasMessageContaining("no column 'nano' (data.columns.classes) (did you mean nanos?)")
                .hasMessageContaining("half (cannot be read)");
        assertThatThrownBy(() -> open(cases("stream-split", "data.train=\"nanos > 5\"")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("column 'nanos' (data.train) holds times in nanoseconds");
        assertThatThrownBy(() -> open(cases("stream-split", "data.train=\"vendor = 'x'\"")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no column 'vendor' (data.train). Its columns are image array<float>, text");
    }

    @Test
    void columnsWhoseNamesDifferInCaseAloneAreToldApart() {
        StructType schema =
                new StructType().add("image", FLOATS).add("text", FLOATS).add("Image", DataTypes.StringType);
        spark.conf().set("spark.sql.caseSensitive", true);
        shard("case", schema, RowFactory.create(new float[] {1}, new float[] {2}, "x"));
        spark.conf().unset("spark.sql.caseSensitive");
        shard(
                "more",
                new StructType().add("image", FLOATS).add("text", FLOATS),
                RowFactory.create(new float[] {3}, new float[] {4}));

        try (PairData data = open(TestData.features(
                folder.toString(),
                "data.columns.classes=[Image]",
                "data.test=\"Image = 'x'\"",
                "data.train=\"Image is null\""))) {
            assertThat(data.heldOut(PairData.HeldOut.UNSORTED).classes().get("Image"))
                    .containsExactly("x");
        }
        assertThatThrownBy(
                        () -> open(TestData.features(folder.toString(), "data.test=\"IMAGE = 'x' and Image = 'x'\"")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(
                        "Cannot use data.test = 'IMAGE = 'x' and Image = 'x'': no column 'IMAGE' (data.test), but image and Image: the case counts, as some names differ in it alone. Its columns are image array<float>, text array<float>, Image string.");
        assertThatThrownBy(() -> open(TestData.features(folder.toString(), "data.train=\"TEXT is not null\"")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no column 'TEXT' (data.train), but text: the case counts");
    }

    /** Spark's reader of rows mixes such names up; the first of these files it cannot open at all. */
    @ParameterizedTest
    @ValueSource(strings = {"oddities", "stream-split"})
    void namesThatDifferInCaseAloneAreToldApartWhereRowsAreReadOneByOne(String name) {
        String test = "data.test=\"text[0] > 0\"";
        try (PairData both = open(cases(name, test, "data.columns.classes=[Image]"));
                PairData one = open(cases(name, test))) {
            EvaluationRows rows = both.heldOut(PairData.HeldOut.UNSORTED);
            EvaluationRows expected = one.heldOut(PairData.HeldOut.UNSORTED);
            assertThat(rows.size()).isPositive().isEqualTo(expected.size());
            assertThat(rows.classes().get("Image")).containsOnly("1");
            float[] image = new float[24];
            float[] same = new float[24];
            for (int row = 0; row < rows.size(); row++) {
                rows.pairs().image(row, image, 0);
                expected.pairs().image(row, same, 0);
                assertThat(image).isEqualTo(same);
            }
        }
    }

    @Test
    void aCodecThatIsNotThereIsNamedBeforeAnythingIsRead() {
        assertThatThrownBy(() -> open(cases("brotli", "data.columns.text=caption")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("column 'image' (data.columns.image) is compressed with BROTLI in brotli.parquet")
                .hasMessageContaining("compression='zstd'")
                .hasMessageContaining("; the same goes for column 'caption' (data.columns.text). Its columns are");
    }

    @Test
    void shardsOfFloatAndDoubleAreReadTogetherAndMissingColumnsAreNull() {
        StructType one =
                new StructType().add("image", FLOATS).add("text", DOUBLES).add("n", DataTypes.IntegerType);
        StructType other =
                new StructType().add("text", FLOATS).add("image", DOUBLES).add("m", DataTypes.IntegerType);
        shard("a", one, RowFactory.create(new float[] {1}, new double[] {2}, 5));
        shard("b", other, RowFactory.create(new float[] {4}, new double[] {3}, 6));
        shard("c", one, RowFactory.create(new float[] {5}, new double[] {6}, 7));

        try (PairData data = open(TestData.features(
                folder.toString(),
                "data.columns.classes=[m]",
                "data.test=\"n = 7\"",
                "data.train=\"n is null or n = 5\""))) {
            float[] read = new float[4];
            data.training().image(0, read, 0);
            data.training().text(0, read, 1);
            data.training().image(1, read, 2);
            data.training().text(1, read, 3);
            assertThat(read).containsExactly(1, 2, 3, 4);
            assertThat(data.heldOut(PairData.HeldOut.UNSORTED).classes().values())
                    .containsExactly(List.of(""));
        }
    }

    @Test
    void shardsOfOtherTypesAreRefusedWithFileAndColumn() {
        shard(
                "a",
                new StructType().add("image", FLOATS).add("text", FLOATS).add("x", FLOATS),
                RowFactory.create(new float[] {1}, new float[] {2}, null));
        shard(
                "b",
                new StructType()
                        .add("image", FLOATS)
                        .add("text", DataTypes.StringType)
                        .add("x", DataTypes.StringType),
                RowFactory.create(new float[] {1}, "2", null));

        assertThatThrownBy(() -> open(TestData.features(folder.toString())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("column 'text' (data.columns.text) is array<float> in a/part")
                .hasMessageContaining(" and string in b/part")
                .hasMessageContaining("write both as one type");
    }

    @Test
    void whatIsNoParquetIsLeftOutAndCounted() throws IOException {
        shard(
                "shards",
                new StructType().add("image", FLOATS).add("text", FLOATS),
                RowFactory.create(new float[] {1}, new float[] {2}));
        Path file;
        try (Stream<Path> files = Files.list(folder.resolve("shards"))) {
            file = files.filter(each -> each.toString().endsWith(".parquet"))
                    .findFirst()
                    .orElseThrow();
        }
        Path mixed = Files.createDirectory(folder.resolve("mixed [x] {y}"));
        Files.copy(file, mixed.resolve("one.parq"));
        Files.copy(file, mixed.resolve("two.PARQUET"));
        Files.copy(file, mixed.resolve("four.pq"));
        Path days = Files.createDirectories(folder.resolve("days/_day=1"));
        Files.copy(file, days.resolve("one.parquet"));
        Files.copy(file, mixed.resolve("five.parquet._COPYING_"));
        Files.copy(file, Files.createDirectory(mixed.resolve("_draft")).resolve("six.parquet"));
        Files.createFile(mixed.resolve("three.parquet"));
        Files.writeString(mixed.resolve("notes.txt"), "notes");
        Files.createFile(mixed.resolve("_SUCCESS"));
        Path plain = Files.createDirectory(folder.resolve("plain"));
        Files.copy(file, plain.resolve("part-0"));
        Files.writeString(plain.resolve("readme"), "something else that is long enough");

        try (PairData data = open(TestData.features(mixed.toString()))) {
            assertThat(data.summary().files()).isEqualTo(3);
            assertThat(data.summary().training()).isEqualTo(3);
            assertThat(data.summary().ignored())
                    .extracting(DataSummary.Ignored::toString)
                    .containsExactly("empty: 1 (three.parquet)", "not named as Parquet: 1 (notes.txt)");
        }
        try (PairData data = open(TestData.features(folder + "/days", "data.train=\"_day = 1\""))) {
            assertThat(data.summary().training()).isEqualTo(1);
        }
        Files.copy(file, folder.resolve("days/two.parquet"));
        assertThatThrownBy(() -> open(TestData.features(folder + "/days")))
                .as("Spark reads one of the two")
                .isInstanceOf(DataException.class)
                .hasMessageContaining("give _day=1/one.parquet the columns [_day], and two.parquet the columns []");
        try (PairData data = open(TestData.features(plain.toString()))) {
            assertThat(data.summary().training()).isEqualTo(1);
            assertThat(data.summary().ignored())
                    .extracting(DataSummary.Ignored::toString)
                    .containsExactly("no Parquet file: 1 (readme)");
        }
        try (PairData data = open(TestData.features(folder + "/pl*"))) {
            assertThat(data.summary().training()).isEqualTo(1);
        }
        assertThatThrownBy(() -> open(TestData.features("a:b c")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Cannot read pairs from a:b c");
        assertThatThrownBy(() ->
                        open(TestData.features(folder.resolve("nothing [x]").toString())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(
                        "there is no such file or folder, and none that matches it: *?[]{} are wildcards");
        assertThatThrownBy(() ->
                        open(TestData.features(mixed.resolve("three.parquet").toString())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("three.parquet: it is empty");
    }

    @Test
    void aNullOrNanWithinFeaturesOfAnyTypeIsAnInvalidRow() {
        Object[][] cells = {
            {DataTypes.FloatType, 1f, Float.NaN},
            {DataTypes.DoubleType, 1d, Double.NaN},
            {DataTypes.ByteType, (byte) 1, null},
            {DataTypes.ShortType, (short) 1, null},
            {DataTypes.BinaryType, new byte[] {0, 0x3C}, new byte[] {0, 0x7E}}
        };
        for (Object[] cell : cells) {
            String name = ((DataType) cell[0]).simpleString();
            StructType schema = new StructType()
                    .add("image", DataTypes.createArrayType((DataType) cell[0]))
                    .add("text", FLOATS);
            float[] text = {1};
            String path = TestData.write(
                    spark,
                    folder.resolve(name),
                    schema,
                    List.of(
                            RowFactory.create(Arrays.asList(cell[1], cell[1]), text),
                            RowFactory.create(Arrays.asList(cell[1], cell[2]), text),
                            RowFactory.create(Arrays.asList(cell[1], null), text),
                            RowFactory.create(null, text)));

            try (PairData data = open(TestData.features(path, "data.max-skipped-share=1"))) {
                assertThat(data.summary().skipped())
                        .as(name)
                        .extracting(skipped -> skipped.reason() + " " + skipped.rows())
                        .containsExactly("image features hold a null, NaN or infinity 2", "no image 1");
                float[] image = new float[2];
                data.training().image(0, image, 0);
                assertThat(image).as(name).containsExactly(1, 1);
            }
        }
    }

    @Test
    void aPredicateThatFailsAtAValueIsBlamedOnTheDataWithItsCause() {
        shard(
                "values",
                new StructType().add("image", FLOATS).add("text", FLOATS),
                RowFactory.create(new float[] {1}, new float[] {2}));
        spark.conf().set("spark.sql.ansi.enabled", true);
        try {
            assertThatThrownBy(
                            () -> open(TestData.features(folder.toString(), "data.train=\"1 / (image[0] - 1) > 0\"")))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("DIVIDE_BY_ZERO")
                    .hasMessageNotContaining("Job aborted");
        } finally {
            spark.conf().unset("spark.sql.ansi.enabled");
        }
    }

    private void shard(String name, StructType schema, Row row) {
        TestData.write(spark, folder.resolve(name), schema, List.of(row));
    }

    /** See {@code cases/README.md}. */
    private static DataSettings cases(String name, String... more) {
        return TestData.features(
                ParquetIT.class.getResource("cases/" + name + ".parquet").getPath(), more);
    }

    private static PairData open(DataSettings settings) {
        return PairData.open(spark, settings, TestData.BUCKETS);
    }
}
