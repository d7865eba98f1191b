package siglip.job.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

public class PicturesTest {
    private static final long MAX_PIXELS = 89_478_485;

    @Test
    void pixelsOfTheRightSizeComeAsTheyAre() throws IOException {
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
        image.setRGB(1, 2, 0x123456);

        int[] pixels = pixels(png(image), 4);

        assertThat(pixels[2 * 4 + 1]).isEqualTo(0x123456);
        assertThat(Arrays.stream(pixels).filter(pixel -> pixel == 0)).hasSize(15);
    }

    @Test
    void whiteShowsWhereTheImageIsTransparent() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00ff0000);
        image.setRGB(1, 0, 0x80ff0000);

        int[] pixels = pixels(png(image), 1);
        int[] right = pixels(png(image.getSubimage(1, 0, 1, 1)), 1);

        assertThat(right[0]).isEqualTo(0xff7f7f); // (0 * 128 + 255 * 127) / 255
        assertThat(pixels[0]).isEqualTo(0xffbfbf);
    }

    @Test
    void largeImagesAreAveragedAndSmallOnesSpread() throws IOException {
        BufferedImage image = new BufferedImage(6, 2, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(3, 0, 3, 2);
        graphics.dispose();

        assertThat(pixels(png(image), 4)).startsWith(0, 0, 0xffffff, 0xffffff).endsWith(0, 0, 0xffffff, 0xffffff);
        assertThat(pixels(png(image), 1)).containsExactly(0x808080);
    }

    @Test
    void grayIsNotBrightened() throws IOException {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(0, 0, 0, 128);
        BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
        deep.getRaster().setSample(0, 0, 0, 128 * 257);

        assertThat(pixels(png(image), 1)).containsExactly(0x808080);
        assertThat(pixels(png(deep), 1)).containsExactly(0x808080);
    }

    @Test
    void picturesOfMorePixelsThanAllowedAreRefusedByTheirHeader() throws IOException {
        byte[] bomb = png(new BufferedImage(800, 600, BufferedImage.TYPE_BYTE_BINARY));

        assertThat(Pictures.decode(bomb, 8, 480_000)).isInstanceOf(Decoded.Pixels.class);
        assertThat(rejected(Pictures.decode(bomb, 8, 479_999)))
                .isEqualTo(new Rejected(Fault.TOO_LARGE, "the picture has 800 x 600 pixels, more than 479999 in all"));
    }

    @Test
    void aRowLongerThanAnyCameraMakesIsRefused() throws IOException {
        byte[] thread = png(new BufferedImage(65_536, 1, BufferedImage.TYPE_BYTE_BINARY));

        assertThat(rejected(Pictures.decode(thread, 8, MAX_PIXELS)).detail())
                .isEqualTo("the picture has 65536 x 1 pixels, more than 65535 on a side");
    }

    @Test
    void ofLongSidesPixelsAreLeftOutWhileSixteenTimesTheTargetRemain() {
        assertThat(Pictures.step(1023, 32)).isEqualTo(1);
        assertThat(Pictures.step(1024, 32)).isEqualTo(2);
        assertThat(Pictures.step(4000, 32)).isEqualTo(7);
    }

    /** Made by the decoder of version 0.1.0, which read with ImageIO alone, on JDK 17: SHA-256 of all pixels as big-endian ints. */
    @ParameterizedTest
    @CsvSource({
        "32, 504b05d511252fc2cdd886e82e200f770d64aae89daa069f682a9564d0591c5c",
        "20, f6f98ee0326d611cc932d6c6a4b86b3d057c838601634023df6adcbb6c673491"
    })
    void theSamplesPixelsHaveNotChanged(int px, String expected) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        int pictures = 0;
        Path sample = new Path("../data/emoji/pairs.parquet");
        try (ParquetReader<Group> reader =
                ParquetReader.builder(new GroupReadSupport(), sample).build()) {
            for (Group row = reader.read(); row != null; row = reader.read()) {
                int[] pixels = pixels(row.getBinary("image", 0).getBytes(), px);
                ByteBuffer bytes = ByteBuffer.allocate(pixels.length * Integer.BYTES);
                bytes.asIntBuffer().put(pixels);
                digest.update(bytes.array());
                pictures++;
            }
        }
        assertThat(pictures).isEqualTo(4430);
        assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(expected);
    }

    static int[] pixels(byte[] file, int px) {
        Decoded decoded = Pictures.decode(file, px, MAX_PIXELS);
        assertThat(decoded).isInstanceOf(Decoded.Pixels.class);
        return ((Decoded.Pixels) decoded).rgb();
    }

    static Rejected rejected(Object decoded) {
        assertThat(decoded).isInstanceOf(Rejected.class);
        return (Rejected) decoded;
    }

    public static byte[] png(BufferedImage image) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }
}
