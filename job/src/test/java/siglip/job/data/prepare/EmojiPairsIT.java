package siglip.job.data.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import siglip.job.data.OnLocalSpark;
import siglip.job.files.OwnFolder;
import siglip.job.formats.DataException;

class EmojiPairsIT extends OnLocalSpark {
    /** Where {@code scripts/run-local prepare emoji} puts the artefacts. */
    private static final Path ARTEFACTS = Path.of("../target/artefacts");

    private static final EmojiJars JARS =
            new EmojiJars(ARTEFACTS.resolve("iconify__json-2.2.378.jar"), ARTEFACTS.resolve("jemoji-2.0.0.jar"));

    @Test
    void theSampleHoldsImagesOfOneSizeOfThreeSets() throws IOException {
        List<Row> sample = spark.read().parquet("../data/emoji/pairs.parquet").collectAsList();

        assertThat(sample).hasSize(4430);
        for (Row row : sample) {
            BufferedImage image = ImageIO.read(new ByteArrayInputStream(row.getAs("image")));
            assertThat(image.getWidth()).isEqualTo(EmojiPairs.PX);
            assertThat(image.getHeight()).isEqualTo(EmojiPairs.PX);
            assertThat(row.<String>getAs("caption")).isNotBlank();
            assertThat(row.getList(row.fieldIndex("keywords"))).isNotEmpty();
            assertThat(EmojiPairs.SAMPLE).contains(row.<String>getAs("vendor"));
            assertThat(row.<String>getAs("concept")).isEqualTo(EmojiNames.slug(row.getAs("caption")));
        }
    }

    /** Needs artefacts of 88 MB; runs where they lie in {@code target/artefacts}. Pixels are compared: PNG bytes may differ between JDKs. */
    @Test
    void theArtefactsGiveTheSampleAgain() throws IOException {
        Assumptions.assumeTrue(Files.exists(JARS.drawings()) && Files.exists(JARS.names()), "no artefacts");

        long written = EmojiPairs.write(spark, JARS, EmojiPairs.SAMPLE, own());

        assertThat(written).isEqualTo(4430);
        List<Row> sample = spark.read().parquet("../data/emoji/pairs.parquet").collectAsList();
        List<Row> again =
                spark.read().parquet(folder.toString() + "/pairs.parquet").collectAsList();
        for (int row = 0; row < sample.size(); row++) {
            assertThat(again.get(row).toSeq().tail())
                    .isEqualTo(sample.get(row).toSeq().tail());
            assertThat(pixels(again.get(row))).isEqualTo(pixels(sample.get(row)));
        }
        assertThat(folder.resolve("NOTICE.md")).hasSameTextualContentAs(Path.of("../data/emoji/NOTICE.md"));
    }

    @Test
    void aSetThatIsNotKnownIsRefused() {
        assertThatThrownBy(() -> EmojiPairs.write(spark, JARS, List.of("noto", "apple"), own()))
                .isInstanceOf(DataException.class)
                .hasMessageStartingWith("Cannot draw the sets [apple]: known are [emojione, ");
    }

    private OwnFolder own() throws IOException {
        return OwnFolder.at(
                new org.apache.hadoop.fs.Path(folder.toString()),
                spark.sparkContext().hadoopConfiguration());
    }

    private static int[] pixels(Row row) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(row.getAs("image")));
        return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }
}
