package siglip.job.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

public class ImagePixelsTest {
    @Test
    void pixelsOfTheRightSizeComeAsTheyAre() throws IOException {
        BufferedImage image = new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB);
        image.setRGB(1, 2, 0x123456);

        int[] pixels = ImagePixels.decode(png(image), 4).orElseThrow();

        assertThat(pixels[2 * 4 + 1]).isEqualTo(0x123456);
        assertThat(Arrays.stream(pixels).filter(pixel -> pixel == 0)).hasSize(15);
    }

    @Test
    void whiteShowsWhereTheImageIsTransparent() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00ff0000);
        image.setRGB(1, 0, 0x80ff0000);

        int[] pixels = ImagePixels.decode(png(image), 1).orElseThrow();
        int[] right = ImagePixels.decode(png(image.getSubimage(1, 0, 1, 1)), 1).orElseThrow();

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

        assertThat(ImagePixels.decode(png(image), 4).orElseThrow())
                .startsWith(0, 0, 0xffffff, 0xffffff)
                .endsWith(0, 0, 0xffffff, 0xffffff);
        assertThat(ImagePixels.decode(png(image), 1).orElseThrow()).containsExactly(0x808080);
    }

    @Test
    void grayIsNotBrightened() throws IOException {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(0, 0, 0, 128);
        BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
        deep.getRaster().setSample(0, 0, 0, 128 * 257);

        assertThat(ImagePixels.decode(png(image), 1).orElseThrow()).containsExactly(0x808080);
        assertThat(ImagePixels.decode(png(deep), 1).orElseThrow()).containsExactly(0x808080);
    }

    @Test
    void whatIsNoImageIsEmpty() throws IOException {
        byte[] whole = png(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB));

        assertThat(ImagePixels.decode(new byte[0], 8)).isEmpty();
        assertThat(ImagePixels.decode("no image".getBytes(java.nio.charset.StandardCharsets.UTF_8), 8))
                .isEmpty();
        assertThat(ImagePixels.decode(Arrays.copyOf(whole, 40), 8)).isEmpty();
    }

    @Test
    void anImageOfTooManyPixelsIsNotDecoded() throws IOException {
        byte[] bomb = png(new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_BINARY));
        bomb[16] = 0x7f; // the width's highest byte: some two billion columns

        assertThat(ImagePixels.decode(bomb, 8)).isEmpty();
    }

    public static byte[] png(BufferedImage image) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ImageIO.write(image, "png", bytes);
        return bytes.toByteArray();
    }
}
