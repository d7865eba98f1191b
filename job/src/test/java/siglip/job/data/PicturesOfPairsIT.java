package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
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
import siglip.job.pictures.PicturesTest;

/** Pictures on their whole way, from the cell of a row to the features of a pair: those of {@code pictures/make.py}, and broken ones. */
class PicturesOfPairsIT extends OnLocalSpark {
    private static final Path PICTURES = Path.of("src", "test", "resources", "pictures");
    private static final int GRID = 8; // the colours of a picture: as many rows and columns of cells
    private static final int COLOURS = 976 - GRID * GRID * 3; // the first of them among the features

    /** Pillow's colours of all pictures, in sRGB, upright and on white, whatever format and kind they are of. */
    @Test
    void picturesOfAnyKindHaveTheirColoursUprightInBytesAndInFiles() throws IOException {
        List<String[]> expected = Files.readAllLines(PICTURES.resolve("expected.txt")).stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split(" ", -1))
                .toList();
        List<Row> bytes = new ArrayList<>();
        List<Row> paths = new ArrayList<>();
        for (String[] picture : expected) {
            Path file = PICTURES.resolve(picture[0]).toAbsolutePath();
            bytes.add(RowFactory.create(Files.readAllBytes(file), picture[0]));
            paths.add(RowFactory.create(file.toString(), picture[0]));
        }
        String inBytes = TestData.write(spark, folder.resolve("bytes"), schema(DataTypes.BinaryType), bytes);
        String inFiles = TestData.write(spark, folder.resolve("paths"), schema(DataTypes.StringType), paths);

        for (String path : List.of(inBytes, inFiles)) {
            try (PairData data = open(TestData.features(path))) {
                assertThat(data.summary().training()).isEqualTo(expected.size()).isGreaterThan(70);
                for (int id = 0; id < expected.size(); id++) {
                    assertColours(data, id, expected.get(id));
                }
            }
        }
    }

    private static void assertColours(PairData data, int id, String... picture) {
        float[] features = new float[data.shape().imageWidth()];
        data.training().image(id, features, 0);
        int tolerance = Integer.parseInt(picture[1]) + 1; // for a mean of means
        int[] off = new int[GRID * GRID * 3];
        for (int i = 0; i < off.length; i++) {
            int colour = Integer.parseInt(picture[3 + i / 3], 16) >> (16 - 8 * (i % 3)) & 255;
            off[i] = Math.abs(Math.round(255 * features[COLOURS + i]) - colour);
        }
        assertThat(Arrays.stream(off).max().orElseThrow()).as(picture[0]).isLessThanOrEqualTo(tolerance);
    }

    @Test
    void brokenPicturesAreInvalidRowsWithTheirReason() throws IOException {
        byte[] bomb = PicturesTest.png(new BufferedImage(9500, 9500, BufferedImage.TYPE_BYTE_BINARY));
        String path = TestData.write(
                spark,
                folder.resolve("broken"),
                schema(DataTypes.BinaryType),
                List.of(
                        RowFactory.create(half("full-chroma.jpg"), "half a JPEG"),
                        RowFactory.create(half("rgb.png"), "half a PNG"),
                        RowFactory.create(half("lossy.webp"), "half a WebP"),
                        RowFactory.create("<html>404 not found</html>".getBytes(StandardCharsets.UTF_8), "a page"),
                        RowFactory.create(new byte[0], "nothing"),
                        RowFactory.create(bomb, "a bomb"),
                        RowFactory.create(Files.readAllBytes(PICTURES.resolve("rgb.png")), "whole")));

        try (PairData data = open(TestData.features(path, "data.max-skipped-share=1"))) {
            assertThat(data.summary().training()).isEqualTo(1);
            assertThat(data.summary().skipped())
                    .extracting(skipped -> "%s: %d, row %s"
                            .formatted(
                                    skipped.reason(),
                                    skipped.rows(),
                                    skipped.examples().get(0).split(", row ", -1)[1]))
                    .containsExactly(
                            "an HTML page stands where the picture should be: 1, row 3",
                            "the picture has too many pixels: 1, row 5",
                            "the picture is cut off: 3, row 0",
                            "the picture is empty: 1, row 4");
            assertThat(data.firstRows(6).get(5).image()).contains("9500 x 9500");
        }
    }

    private static byte[] half(String name) throws IOException {
        byte[] whole = Files.readAllBytes(PICTURES.resolve(name));
        return Arrays.copyOf(whole, whole.length / 2);
    }

    private static StructType schema(DataType image) {
        return new StructType().add("image", image).add("text", DataTypes.StringType);
    }

    private static PairData open(DataSettings settings) {
        return PairData.open(spark, settings, TestData.BUCKETS);
    }
}
