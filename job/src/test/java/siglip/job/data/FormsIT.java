package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.formats.DataException;
import siglip.job.pictures.PicturesTest;

/** The same few pictures in each form in which people keep them. */
class FormsIT {
    private static final int PICTURES = 12;
    private static final StructType PATHS =
            new StructType().add("image", DataTypes.StringType).add("text", DataTypes.StringType);
    private static SparkSession spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        spark = TestData.session(2);
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void pathsMeanTheirPicturesWhereverTheyStart() throws IOException {
        List<Integer> expected = expected();
        Path pictures = pictures(folder.resolve("set/a b%20ü"));
        String scheme = pictures.toUri().toString();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            String name = name(i);
            String path = List.of(
                            "../a b%20ü/" + name,
                            pictures.resolve(name).toString(),
                            "file:" + pictures.resolve(name),
                            "./../a b%20ü/" + name)
                    .get(i % 4);
            rows.add(RowFactory.create(path, caption(i)));
        }
        String table = TestData.write(spark, folder.resolve("set/pairs"), PATHS, rows);

        assertThat(scheme).contains("%20");
        try (PairData data = open(TestData.features(table))) {
            assertThat(pictures(data)).isEqualTo(expected);
        }
    }

    @Test
    void pathsWithoutAPictureAreSkippedWithTheirReason() throws IOException {
        Path pictures = pictures(folder.resolve("pictures"));
        Files.createDirectories(pictures.resolve("below.png"));
        try (RandomAccessFile large =
                new RandomAccessFile(pictures.resolve("large.png").toFile(), "rw")) {
            large.setLength((256L << 20) + 1);
        }
        Files.writeString(pictures.resolve("words.png"), "no picture");
        List<Row> rows = IntStream.range(0, PICTURES)
                .mapToObj(i -> RowFactory.create("../pictures/" + name(i), caption(i)))
                .collect(java.util.stream.Collectors.toCollection(ArrayList::new));
        for (String path : List.of(
                "../pictures/none.png",
                "../pictures/below.png",
                "../pictures/large.png",
                "../pictures/words.png",
                "https://example.org/a.png",
                "strange://host/a.png",
                " ")) {
            rows.add(RowFactory.create(path, "a caption"));
        }
        String table = TestData.write(spark, folder.resolve("pairs"), PATHS, rows);

        assertThatThrownBy(() -> open(TestData.features(table)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("picture file not found: 1 (part-00000")
                .hasMessageContaining("row 12)");
        try (PairData data = open(TestData.features(table, "data.max-skipped-share=1"))) {
            assertThat(data.summary().training()).isEqualTo(PICTURES);
            assertThat(reasons(data))
                    .containsExactly(
                            "no image",
                            "picture file cannot be read: no file system for strange is on the class path: the library that has it is needed (spark-submit --packages)",
                            "picture file has more than 256 MiB",
                            "picture file is a folder",
                            "picture file not found",
                            "picture is an address of the web (https), which is never fetched: download the pictures first, for example with img2dataset",
                            "plain text stands where the picture should be");
        }
    }

    @Test
    void aPictureThatChangesInItsFileChangesTheFingerprint() throws IOException {
        Path pictures = pictures(folder.resolve("pictures"));
        String table = TestData.write(
                spark, folder.resolve("pairs"), PATHS, List.of(RowFactory.create("../pictures/" + name(0), "one")));
        String before = fingerprint(table);

        assertThat(fingerprint(table)).isEqualTo(before);
        Files.copy(
                pictures.resolve(name(1)),
                pictures.resolve(name(0)),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThat(fingerprint(table)).isNotEqualTo(before);
    }

    private static String fingerprint(String path) {
        try (PairData data = open(TestData.features(path))) {
            return data.summary().fingerprint();
        }
    }

    /** What each picture becomes, read as bytes from Parquet. */
    private List<Integer> expected() throws IOException {
        StructType schema = new StructType().add("image", DataTypes.BinaryType).add("text", DataTypes.StringType);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            rows.add(RowFactory.create(PicturesTest.png(picture(i)), caption(i)));
        }
        try (PairData data = open(TestData.features(TestData.write(spark, folder.resolve("expected"), schema, rows)))) {
            List<Integer> pictures = pictures(data);
            assertThat(pictures).as("pictures that differ").doesNotHaveDuplicates();
            return pictures;
        }
    }

    /** A hash of the features of each training picture, in the order of ids. */
    private static List<Integer> pictures(PairData data) {
        List<Integer> found = new ArrayList<>();
        for (int id = 0; id < data.summary().training(); id++) {
            float[] features = new float[data.shape().imageWidth()];
            data.training().image(id, features, 0);
            found.add(Arrays.hashCode(features));
        }
        return found;
    }

    private static List<String> reasons(PairData data) {
        return data.summary().skipped().stream()
                .map(DataSummary.Skipped::reason)
                .toList();
    }

    private static Path pictures(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (int i = 0; i < PICTURES; i++) {
            Files.write(folder.resolve(name(i)), PicturesTest.png(picture(i)));
        }
        return folder;
    }

    private static BufferedImage picture(int i) {
        BufferedImage image = new BufferedImage(20 + i, 20, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < image.getWidth(); x++) {
            for (int y = 0; y < image.getHeight(); y++) {
                image.setRGB(x, y, x < 2 * i ? 0x2040c0 : ((0x10 * i) << 16) | 0x30);
            }
        }
        return image;
    }

    private static String name(int i) {
        return "p%02d.png".formatted(i);
    }

    private static String caption(int i) {
        return "picture %d, with \"quotes\"".formatted(i);
    }

    private static PairData open(siglip.job.config.DataSettings settings) {
        return PairData.open(spark, settings, TestData.BUCKETS);
    }
}
