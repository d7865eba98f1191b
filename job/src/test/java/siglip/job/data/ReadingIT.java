package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import siglip.job.config.DataSettings;
import siglip.job.features.FeatureScaling;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;
import siglip.job.formats.PairTable;
import siglip.job.pictures.PicturesTest;

/** Files as users bring them: types of columns, order of rows, and what is wrong with them. */
class ReadingIT extends OnLocalSpark {
    private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);
    private static final DataType DOUBLES = DataTypes.createArrayType(DataTypes.DoubleType);

    @Test
    void floatsDoublesBinaryAndVectorsAreReadAlike() {
        StructType vector = new StructType()
                .add("type", DataTypes.ByteType)
                .add("size", DataTypes.IntegerType)
                .add("indices", DataTypes.createArrayType(DataTypes.IntegerType))
                .add("values", DOUBLES);
        StructType schema = new StructType()
                .add("floats", FLOATS)
                .add("doubles", DOUBLES)
                .add("binary", DataTypes.BinaryType)
                .add("dense", vector)
                .add("sparse", vector);
        List<Row> rows = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            byte[] bytes = new byte[12];
            ByteBuffer.wrap(bytes)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putFloat(i)
                    .putFloat(0)
                    .putFloat(-i);
            rows.add(RowFactory.create(
                    new float[] {i, 0, -i},
                    new double[] {i, 0, -i},
                    bytes,
                    RowFactory.create((byte) 1, null, null, new double[] {i, 0, -i}),
                    RowFactory.create((byte) 0, 3, new int[] {0, 2}, new double[] {i, -i})));
        }
        String path = TestData.write(spark, folder.resolve("types"), schema, rows);

        for (String column : schema.fieldNames()) {
            DataSettings settings = TestData.features(
                    path,
                    "data.columns.image=" + column,
                    "data.columns.image-kind=features",
                    "data.columns.text=" + column,
                    "data.columns.text-kind=features");
            try (PairData data = open(settings)) {
                assertThat(data.shape()).as(column).isEqualTo(new PairShape(3, 3));
                assertThat(data.scaling()).isEqualTo(new PairScaling(FeatureScaling.NONE, FeatureScaling.NONE));
                float[] features = new float[6];
                data.training().image(3, features, 0);
                data.training().text(4, features, 3);
                assertThat(features).as(column).containsExactly(4, 0, -4, 5, 0, -5);
                assertThat(data.training().conceptId(3)).isEqualTo(3);
            }
        }
    }

    /**
     * The file was written by Spark 3.5.9 with spark-mllib: rows {@code (dense(1, 2, 3), sparse(4, {1: 5, 3: 6}))} and
     * {@code (sparse(3, {0: 7}), dense(1, 0, 0, 8))}. Its schema names VectorUDT, which is not on the class path here.
     */
    @Test
    void vectorsThatSparkMllibWroteAreReadWithoutIt() {
        String path = ReadingIT.class.getResource("vectors.parquet").getPath();
        try (PairData data = open(TestData.features(path))) {
            assertThat(data.shape()).isEqualTo(new PairShape(3, 4));
            float[] features = new float[14];
            data.training().image(0, features, 0);
            data.training().image(1, features, 3);
            data.training().text(0, features, 6);
            data.training().text(1, features, 10);
            assertThat(features).containsExactly(1, 2, 3, 7, 0, 0, 0, 5, 0, 6, 1, 0, 0, 8);
        }
    }

    @Test
    void vectorsWhoseClassIsThereAreReadAsTheyAreStored() {
        StructType schema = new StructType().add("image", new PlaneUdt()).add("text", FLOATS);
        String path = TestData.write(
                spark,
                folder.resolve("planes"),
                schema,
                List.of(RowFactory.create(new PlaneUdt.Plane(3, 4), new float[] {1})));

        assertThat(spark.read().parquet(path).schema().apply("image").dataType())
                .isInstanceOf(PlaneUdt.class);
        try (PairData data = open(TestData.features(path))) {
            float[] image = new float[2];
            data.training().image(0, image, 0);
            assertThat(image).containsExactly(3, 4);
        }
    }

    @Test
    void idsFollowFilesByNameAndRowsWithinThem() {
        for (String name : new String[] {"b c%d", "a", "e"}) {
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                rows.add(pair((float) name.charAt(0), i + 1));
            }
            TestData.write(spark, folder.resolve("ids/part=" + name.replace("%", "%25")), pairSchema(), rows);
        }

        try (PairData data = open(TestData.features(folder.resolve("ids").toString()))) {
            List<Float> firsts = new ArrayList<>();
            float[] image = new float[2];
            for (int row = 0; row < data.training().rows(); row++) {
                data.training().image(row, image, 0);
                firsts.add(image[0] * 10 + image[1]);
            }
            assertThat(firsts)
                    .containsExactly(971f, 972f, 973f, 974f, 981f, 982f, 983f, 984f, 1011f, 1012f, 1013f, 1014f);
        }
    }

    @Test
    void idsFollowAKeyWhenThereIsOneAndDuplicatesOfItAreRefused() {
        StructType schema = pairSchema().add("name", DataTypes.StringType);
        List<Row> rows = new ArrayList<>();
        for (String name : new String[] {"c", "a", "d", "b"}) {
            rows.add(RowFactory.create(new float[] {name.charAt(0)}, new float[] {1}, name));
        }
        String path = TestData.write(spark, folder.resolve("keys"), schema, rows);
        DataSettings settings = TestData.features(path, "data.columns.key=name");

        try (PairData data = open(settings)) {
            float[] images = new float[4];
            for (int row = 0; row < 4; row++) {
                data.training().image(row, images, row);
            }
            assertThat(images).containsExactly('a', 'b', 'c', 'd');
        }
        TestData.write(spark, folder.resolve("keys"), schema, rows.subList(0, 1));
        assertThatThrownBy(() -> open(settings))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Cannot order rows by 'name' (data.columns.key)")
                .hasMessageContaining("has the key c of another row");
    }

    @Test
    void invalidRowsAreCountedByReasonAndNamed() {
        String path = TestData.write(
                spark,
                folder.resolve("bad"),
                pairSchema(),
                List.of(
                        pair(1, 2),
                        pair(Float.NaN, 2),
                        pair(1, 3),
                        pair(0, 0),
                        RowFactory.create(new float[] {1, 2, 3}, new float[] {1}),
                        RowFactory.create(new float[] {1, 2}, null),
                        pair(1, Float.POSITIVE_INFINITY),
                        pair(2, 2)));

        assertThatThrownBy(() -> open(TestData.features(path, "data.max-skipped-share=0.5")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("5 of 8 rows are invalid, more than data.max-skipped-share = 0.5")
                .hasMessageContaining("image features hold a null, NaN or infinity: 2 (part-00000")
                .hasMessageContaining(", row 1; ")
                .hasMessageContaining(", row 6)")
                .hasMessageContaining("image features are all zero: 1")
                .hasMessageContaining("image features of width 3, most have 2: 1")
                .hasMessageContaining("no text features: 1");
        try (PairData data = open(TestData.features(path, "data.max-skipped-share=0.7"))) {
            assertThat(data.summary().training()).isEqualTo(3);
            assertThat(data.summary().skippedRows()).isEqualTo(5);
            float[] image = new float[2];
            data.training().image(2, image, 0);
            assertThat(image).as("ids leave no gaps").containsExactly(2, 2);
        }
    }

    @Test
    void imagesThatCannotBeDecodedAndCaptionsWithoutWordsAreSkipped() throws IOException {
        byte[] good = PicturesTest.png(new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB));
        StructType schema = new StructType().add("image", DataTypes.BinaryType).add("text", DataTypes.StringType);
        String path = TestData.write(
                spark,
                folder.resolve("images"),
                schema,
                List.of(
                        RowFactory.create(good, "a"),
                        RowFactory.create("broken".getBytes(StandardCharsets.UTF_8), "b"),
                        RowFactory.create(Arrays.copyOf(good, 50), "c"),
                        RowFactory.create(null, "d"),
                        RowFactory.create(good, "  "),
                        RowFactory.create(good, "!?"),
                        RowFactory.create(good, null),
                        RowFactory.create(good, "a")));

        try (PairData data = open(TestData.features(path, "data.max-skipped-share=1"))) {
            assertThat(data.summary().skipped())
                    .extracting(skipped -> skipped.reason() + " " + skipped.rows())
                    .containsExactly(
                            "caption without a word 1",
                            "empty caption 2",
                            "no image 1",
                            "plain text stands where the picture should be 1",
                            "the picture is cut off 1");
            assertThat(data.summary().concepts()).as("captions are concepts").isEqualTo(6);
            assertThat(data.training().conceptId(0)).isEqualTo(data.training().conceptId(1));
        }
    }

    /** As UTF-8, U+FFFD comes before U+10000; as UTF-16 it does not. The last bytes are no UTF-8. */
    @Test
    void conceptsAreFoundInTheOrderOfTheirBytesWhetherTheyAreFewOrMany() {
        StructType schema = pairSchema().add("hash", DataTypes.BinaryType);
        List<byte[]> concepts = new ArrayList<>();
        for (String text : new String[] {"a", "b", "\uFFFD", new String(Character.toChars(0x10000))}) {
            concepts.add(text.getBytes(StandardCharsets.UTF_8));
        }
        concepts.add(new byte[] {(byte) 0xFE, 1});
        concepts.add(new byte[] {(byte) 0xFF, 0});
        List<Row> rows = new ArrayList<>();
        for (int i : new int[] {5, 3, 1, 4, 2, 0, 3, 3}) {
            rows.add(RowFactory.create(new float[] {i + 1}, new float[] {1}, concepts.get(i)));
        }
        rows.add(RowFactory.create(new float[] {1}, new float[] {1}, null));
        rows.add(RowFactory.create(new float[] {1}, new float[] {1}, new byte[0]));
        String path = TestData.write(spark, folder.resolve("hashes"), schema, rows);
        DataSettings settings = TestData.features(path, "data.columns.concept=hash", "data.max-skipped-share=1");
        PairTable table = PairTable.open(spark, settings, TestData.BUCKETS);

        for (int few : new int[] {ConceptScan.FEW_BYTES, 200, 0}) {
            List<byte[]> found = new ArrayList<>();
            ConceptScan.sorted(table, few).forEachRemaining(marked -> {
                assertThat(marked[0]).isEqualTo(PairTable.FIRST);
                found.add(Arrays.copyOfRange(marked, 1, marked.length));
            });
            assertThat(found.toArray(byte[][]::new)).as("few: %d", few).isDeepEqualTo(concepts.toArray(byte[][]::new));
        }
        try (PairData data = open(settings)) {
            assertThat(data.training().rows()).isEqualTo(8);
            assertThat(data.training().conceptId(0)).isEqualTo(5);
        }
        try (PairData data = open(TestData.features(
                path, "data.columns.concept=hash", "data.max-skipped-share=1", "data.train=\"image[0] < 6\""))) {
            assertThat(data.firstRows(2))
                    .extracting(FirstRow::use)
                    .as("the first row is not asked for, and alone has its concept")
                    .containsExactly("not asked for", "to train on");
        }
    }

    @Test
    void missingAndUnsuitableColumnsAreNamedWithThoseThatExist() {
        String path = TestData.write(spark, folder.resolve("columns"), pairSchema(), List.of(pair(1, 2)));
        assertThatThrownBy(() -> open(TestData.features(
                        path,
                        "data.columns.image=picture",
                        "data.columns.text-kind=raw",
                        "data.columns.keywords=words",
                        "data.columns.classes=[class]")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no column 'picture' (data.columns.image)")
                .hasMessageContaining("column 'text' (data.columns.text) is array<float>, not string")
                .hasMessageContaining("no column 'words' (data.columns.keywords)")
                .hasMessageContaining("no column 'class' (data.columns.classes)")
                .hasMessageContaining("Its columns are image array<float>, text array<float>. If there are none such")
                .hasMessageContaining("set data.columns.keywords = null, data.columns.classes = []; data.train,");
    }

    @Test
    void splitsThatOverlapOrLeaveNothingAreRefused() {
        String path = TestData.write(
                spark, folder.resolve("splits"), pairSchema(), List.of(pair(1, 2), pair(2, 2), pair(3, 2)));

        assertThatThrownBy(() ->
                        open(TestData.features(path, "data.train=\"image[0] < 3\"", "data.test=\"image[0] > 1\"")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("1 match both data.train and data.test, the first is part-00000")
                .hasMessageContaining(", row 1.");
        assertThatThrownBy(() -> open(TestData.features(path, "data.train=\"image[0] > 9\"")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("none of its 3 rows is left by data.train = 'image[0] > 9'");
        assertThatThrownBy(() -> open(TestData.features(path, "data.train=\"vendor = 'x'\"")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Cannot use data.train = 'vendor = 'x''")
                .hasMessageContaining("vendor");
        assertThatThrownBy(() -> open(TestData.features(path, "data.train=\"image[0]\"")))
                .isInstanceOf(DataException.class);
        try (PairData data = open(TestData.features(path, "data.test=\"image[0] = 3\""))) {
            assertThat(data.summary().training())
                    .as("all but the held-out rows")
                    .isEqualTo(2);
            assertThat(data.heldOut(PairData.HeldOut.UNSORTED).size()).isEqualTo(1);
        }
    }

    @Test
    void whatIsNotThereOrNotParquetIsSaidSo() throws IOException {
        assertThatThrownBy(
                        () -> open(TestData.features(folder.resolve("nowhere").toString())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("nowhere: there is no such file or folder");
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatThrownBy(() -> open(TestData.features(empty.toString())))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("Cannot read pairs from %s: it holds no files. Supported are".formatted(empty));
        Path text = folder.resolve("text.parquet");
        Files.writeString(text, "no Parquet at all, but long enough to have a footer");
        assertThatThrownBy(() -> open(TestData.features(text.toString())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(text + ": it is no Parquet file, or is cut off");
    }

    @Test
    void aFileThatIsDamagedWithinIsBlamedOnTheData() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (int i = 1; i < 2000; i++) {
            rows.add(pair(i, (float) Math.sqrt(i)));
        }
        TestData.write(spark, folder.resolve("damaged"), pairSchema(), rows);
        Path part = folder.resolve("damaged")
                .toFile()
                .listFiles((where, file) -> file.endsWith(".parquet"))[0]
                .toPath();
        byte[] bytes = Files.readAllBytes(part);
        Arrays.fill(bytes, 50, 5000, (byte) 0x55); // pages; the footer stays whole
        Files.delete(part); // and its checksum with it, which Hadoop keeps beside it
        Files.write(folder.resolve("damaged").resolve("damaged.parquet"), bytes);

        assertThatThrownBy(
                        () -> open(TestData.features(folder.resolve("damaged").toString())))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("Encountered error while reading file")
                .hasMessageContaining("damaged.parquet");
    }

    @Test
    void aChangedCellOrNameOrSplitChangesTheFingerprintAndAnotherPlaceDoesNot() throws IOException {
        List<Row> rows = List.of(pair(1, 2), pair(2, 2));
        String one = fingerprint("one", "data.parquet", rows);

        assertThat(fingerprint("again", "data.parquet", rows)).isEqualTo(one);
        assertThat(fingerprint("named", "other.parquet", rows)).isNotEqualTo(one);
        assertThat(fingerprint("split", "data.parquet", rows, "data.train=\"image[0] = 1\""))
                .isNotEqualTo(one);
        assertThat(fingerprint("cell", "data.parquet", List.of(pair(1, 2), pair(2, 3))))
                .isNotEqualTo(one);
        assertThat(fingerprint("swap", "data.parquet", List.of(pair(2, 2), pair(1, 2))))
                .isNotEqualTo(one);
    }

    private String fingerprint(String place, String name, List<Row> rows, String... more) throws IOException {
        TestData.write(spark, folder.resolve(place), pairSchema(), rows);
        File[] parts = folder.resolve(place).toFile().listFiles((where, file) -> file.endsWith(".parquet"));
        Files.move(parts[0].toPath(), folder.resolve(place).resolve(name));
        try (PairData data = open(TestData.features(folder.resolve(place).toString(), more))) {
            return data.summary().fingerprint();
        }
    }

    private static PairData open(DataSettings settings) {
        return PairData.open(spark, settings, TestData.BUCKETS);
    }

    private static StructType pairSchema() {
        return new StructType().add("image", FLOATS).add("text", FLOATS);
    }

    private static Row pair(float first, float second) {
        return RowFactory.create(new float[] {first, second}, new float[] {1});
    }
}
