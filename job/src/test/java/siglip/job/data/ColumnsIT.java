package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Format;
import siglip.job.formats.DataException;
import siglip.job.pictures.PicturesTest;

/** Columns as users name them: fields of structs, names with any character in them, names that are not there. */
class ColumnsIT extends OnLocalSpark {
    private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);

    @Test
    void aStructWithBytesIsAPictureWhateverElseIsInIt() throws IOException {
        byte[] png = PicturesTest.png(new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB));
        StructType image = new StructType()
                .add("path", DataTypes.StringType)
                .add("width", DataTypes.IntegerType)
                .add("bytes", DataTypes.BinaryType);
        StructType schema = new StructType()
                .add("image", image)
                .add("text", DataTypes.StringType)
                .add("rows", new StructType().add("photo", image));
        String path = TestData.write(
                spark,
                folder.resolve("struct"),
                schema,
                List.of(
                        row(png, "one"),
                        row(png, "two"),
                        RowFactory.create(RowFactory.create("p", 1, null), "three", null),
                        RowFactory.create(null, "four", null)));

        for (String column : List.of("image", "image.bytes", "rows.photo", "rows.photo.bytes")) {
            try (PairData data =
                    open(TestData.features(path, "data.columns.image=" + column, "data.max-skipped-share=1"))) {
                assertThat(data.summary().training()).as(column).isEqualTo(2);
                assertThat(data.summary().skipped())
                        .extracting(DataSummary.Skipped::reason)
                        .containsExactly("no image");
            }
        }
    }

    private static Row row(byte[] png, String caption) {
        Row image = RowFactory.create("p", 1, png);
        return RowFactory.create(image, caption, RowFactory.create(image));
    }

    @Test
    void huggingFacesFormIsUnderstoodAsItIs() {
        try (PairData data =
                open(cases("datasets-struct", "data.columns.text=caption", "data.test=\"split = 'test'\""))) {
            assertThat(data.summary().training()).isEqualTo(80);
            assertThat(data.summary().heldOut())
                    .containsOnly(Map.entry(PairData.HeldOut.SEEN, 12L), Map.entry(PairData.HeldOut.UNSEEN, 4L));
        }
    }

    @Test
    void anyNameIsReachedAndAColumnOfThatNameComesFirst() {
        StructType inner = new StructType()
                .add("class", DataTypes.StringType)
                .add("a.b", FLOATS)
                .add("key", DataTypes.LongType);
        StructType schema = new StructType()
                .add("the image's", FLOATS)
                .add("text", FLOATS)
                .add("meta", inner)
                .add("meta.class", DataTypes.StringType)
                .add("tick`s", FLOATS)
                .add("_metadata", DataTypes.StringType);
        String path = TestData.write(
                spark, folder.resolve("names"), schema, List.of(named(1, "in", "out", 8), named(2, "in", "out", 7)));

        assertThat(first(path, "data.columns.image=the image's")).isEqualTo(1);
        assertThat(first(path, "data.columns.image=\"meta.`a.b`\"")).isEqualTo(10);
        assertThat(first(path, "data.columns.image=\"tick`s\"")).isEqualTo(100);
        assertThat(first(path, "data.columns.image=the image's", "data.columns.key=meta.key"))
                .as("the key comes first")
                .isEqualTo(2);
        try (PairData data = open(TestData.features(
                path,
                "data.columns.image=the image's",
                "data.columns.classes=[meta.class, \"`meta`.`class`\", _metadata]",
                "data.train=\"meta.key = 8\"",
                "data.test=\"meta.key = 7\""))) {
            assertThat(data.heldOut(PairData.HeldOut.UNSORTED).classes().values())
                    .containsExactly(List.of("out"), List.of("in"), List.of("m7"));
        }
    }

    private static Row named(int i, String in, String out, long key) {
        return RowFactory.create(
                new float[] {i},
                new float[] {1},
                RowFactory.create(in, new float[] {10 * i}, key),
                out,
                new float[] {100 * i},
                "m" + key);
    }

    private static float first(String path, String... more) {
        try (PairData data = open(TestData.features(path, more))) {
            float[] image = new float[1];
            data.training().image(0, image, 0);
            return image[0];
        }
    }

    @Test
    void anUnknownNameIsToldWithTheNearestOneAndAllOthers() {
        StructType schema = new StructType()
                .add("image", new StructType().add("bytes", DataTypes.BinaryType))
                .add("caption", DataTypes.StringType);
        String path = TestData.write(
                spark,
                folder.resolve("unknown"),
                schema,
                List.of(RowFactory.create(RowFactory.create(new byte[3]), "a")));

        assertThatThrownBy(() -> open(TestData.features(
                        path,
                        "data.columns.image=Image",
                        "data.columns.text=captions",
                        "data.columns.classes=[bytes, image.byte, image.bytes.length, \"`\"]")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no column 'Image' (data.columns.image) (did you mean image?)")
                .hasMessageContaining("no column 'captions' (data.columns.text) (did you mean caption?)")
                .hasMessageContaining("no column 'bytes' (data.columns.classes) (did you mean image.bytes?)")
                .hasMessageContaining("no column 'image.byte' (data.columns.classes) (did you mean image.bytes?)")
                .hasMessageContaining("no column 'image.bytes.length' (data.columns.classes)")
                .hasMessageContaining("no column '`' (data.columns.classes), nor a path")
                .hasMessageContaining(
                        "Its columns are image struct<bytes:binary>, caption string. If there are none such")
                .hasMessageContaining("set data.columns.classes = []; data.train,");
        assertThatThrownBy(() -> EmbeddingPairs.open(spark, Format.AUTO, path, "images", "text"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("no column 'images' (--image-column) (did you mean image?)");
    }

    @Test
    void aConceptMayBeBytesOfAnyKind() {
        StructType schema = new StructType()
                .add("image", FLOATS)
                .add("text", DataTypes.StringType)
                .add("hash", DataTypes.BinaryType);
        String path = TestData.write(
                spark,
                folder.resolve("hashes"),
                schema,
                List.of(
                        hashed(1, 0xFF, 0xFE),
                        hashed(2, 0xFF, 0xFD),
                        hashed(3, 0xFF, 0xFE),
                        hashed(4, 0x41),
                        hashed(5)));

        try (PairData data = open(TestData.features(path, "data.columns.concept=hash", "data.max-skipped-share=0.2"))) {
            assertThat(data.summary().concepts()).isEqualTo(3);
            assertThat(data.summary().skipped())
                    .extracting(DataSummary.Skipped::reason)
                    .containsExactly("no concept");
            assertThat(List.of(0, 1, 2, 3))
                    .extracting(data.training()::conceptId)
                    .containsExactly(2, 1, 2, 0);
        }
    }

    private static Row hashed(int i, int... hash) {
        byte[] bytes = new byte[hash.length];
        for (int j = 0; j < hash.length; j++) {
            bytes[j] = (byte) hash[j];
        }
        return RowFactory.create(new float[] {i}, "words", bytes);
    }

    @Test
    void aCaptionThatIsNotValidUtf8IsARowThatIsSkipped() {
        String path = folder.resolve("latin").toString();
        spark.sql(
                        "SELECT array(float(id + 1)) AS image, IF(id = 1, CAST(unhex('636166E9') AS STRING), 'a cafe') AS text FROM range(3)")
                .coalesce(1)
                .write()
                .parquet(path);

        try (PairData data = open(TestData.features(path, "data.max-skipped-share=0.5"))) {
            assertThat(data.summary().training()).isEqualTo(2);
            assertThat(data.summary().skipped())
                    .extracting(DataSummary.Skipped::reason)
                    .containsExactly("text is not valid UTF-8");
        }
    }

    /** See {@code cases/README.md}. */
    private static DataSettings cases(String name, String... more) {
        return TestData.features(
                ColumnsIT.class.getResource("cases/" + name + ".parquet").getPath(), more);
    }

    private static PairData open(DataSettings settings) {
        return PairData.open(spark, settings, TestData.BUCKETS);
    }
}
