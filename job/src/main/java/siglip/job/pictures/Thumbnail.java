package siglip.job.pictures;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/** Pictures made small, to be shown to people. */
public final class Thumbnail {
    private Thumbnail() {}

    /**
     * A picture file as a JPEG of its shape.
     *
     * @param px pixels of the longer side
     * @param maxPixels the most that the picture may have
     * @return empty if the file cannot be read
     */
    public static byte[] jpeg(byte[] file, int px, long maxPixels) {
        if (!(Pictures.inspect(file) instanceof Inspected.Size size)
                || !(Pictures.decode(file, px, maxPixels) instanceof Decoded.Pixels pixels)) {
            return new byte[0];
        }
        int longer = Math.max(size.width(), size.height());
        int width = Math.max(1, px * size.width() / longer);
        int height = Math.max(1, px * size.height() / longer);
        BufferedImage square = new BufferedImage(px, px, BufferedImage.TYPE_INT_RGB);
        square.setRGB(0, 0, px, px, pixels.rgb(), 0, px);
        BufferedImage shaped = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = shaped.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
        graphics.drawImage(square, 0, 0, width, height, null);
        graphics.dispose();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(shaped, "jpeg", out);
        } catch (IOException e) {
            throw new UncheckedIOException(e); // of an array: cannot be
        }
        return out.toByteArray();
    }
}
