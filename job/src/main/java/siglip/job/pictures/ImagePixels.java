package siglip.job.pictures;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes an image file (PNG, JPEG, GIF, BMP, WBMP, TIFF: what the JDK reads) to a square of pixels on white. */
public final class ImagePixels {
    /** More pixels than this are taken for a mistake or a decompression bomb. */
    static final long MAX_PIXELS = 64L << 20;

    private ImagePixels() {}

    /**
     * The image as {@code px x px} pixels {@code 0xRRGGBB}, row by row. Another size is brought to it by averaging the area that each pixel
     * covers, without keeping the aspect ratio; where the image is transparent, white shows.
     *
     * @return empty if the bytes are no image that can be decoded, or hold more than {@link #MAX_PIXELS}
     */
    public static Optional<int[]> decode(byte[] file, int px) {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                return Optional.empty();
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                if ((long) reader.getWidth(0) * reader.getHeight(0) > MAX_PIXELS) {
                    return Optional.empty();
                }
                return Optional.of(fit(onWhite(reader.read(0)), px));
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException e) { // the readers throw all kinds on broken files
            return Optional.empty();
        }
    }

    private record Pixels(int width, int height, int[] rgb) {}

    private static Pixels onWhite(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        int[] argb = isGray(image) ? gray(image) : image.getRGB(0, 0, width, height, null, 0, width);
        for (int i = 0; i < argb.length; i++) {
            int alpha = argb[i] >>> 24;
            if (alpha != 255) {
                int mixed = 0;
                for (int shift = 16; shift >= 0; shift -= 8) {
                    int value = argb[i] >> shift & 255;
                    mixed |= ((value * alpha + 255 * (255 - alpha) + 127) / 255) << shift;
                }
                argb[i] = mixed;
            }
            argb[i] &= 0xffffff;
        }
        return new Pixels(width, height, argb);
    }

    private static boolean isGray(BufferedImage image) {
        ColorModel model = image.getColorModel();
        return !(model instanceof IndexColorModel) && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    }

    /** Gray samples as they are: {@code getRGB} takes them for linear light and would brighten them. */
    private static int[] gray(BufferedImage image) {
        Raster raster = image.getRaster();
        ColorModel model = image.getColorModel();
        int grayMax = (1 << model.getComponentSize(0)) - 1;
        int[] argb = new int[image.getWidth() * image.getHeight()];
        int[] samples = new int[raster.getNumBands()];
        for (int y = 0, i = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++, i++) {
                raster.getPixel(raster.getMinX() + x, raster.getMinY() + y, samples);
                int value = (int) ((samples[0] * 255L + grayMax / 2) / grayMax);
                int alpha = 255;
                if (model.hasAlpha()) {
                    int alphaMax = (1 << model.getComponentSize(1)) - 1;
                    alpha = (int) ((samples[1] * 255L + alphaMax / 2) / alphaMax);
                }
                argb[i] = alpha << 24 | value << 16 | value << 8 | value;
            }
        }
        return argb;
    }

    private static int[] fit(Pixels from, int px) {
        if (from.width == px && from.height == px) {
            return from.rgb;
        }
        double[] sums = new double[3];
        int[] out = new int[px * px];
        for (int y = 0; y < px; y++) {
            for (int x = 0; x < px; x++) {
                out[y * px + x] = average(from, x, y, px, sums);
            }
        }
        return out;
    }

    /** The mean colour of the area under target pixel (x, y); source pixels cut by its border count in part. */
    private static int average(Pixels from, int x, int y, int px, double[] sums) {
        double left = (double) x * from.width / px;
        double right = (double) (x + 1) * from.width / px;
        double top = (double) y * from.height / px;
        double bottom = (double) (y + 1) * from.height / px;
        sums[0] = sums[1] = sums[2] = 0;
        double area = 0;
        for (int row = (int) top; row < Math.min(from.height, Math.ceil(bottom)); row++) {
            double height = Math.min(bottom, row + 1) - Math.max(top, row);
            for (int column = (int) left; column < Math.min(from.width, Math.ceil(right)); column++) {
                double weight = height * (Math.min(right, column + 1) - Math.max(left, column));
                int pixel = from.rgb[row * from.width + column];
                sums[0] += weight * (pixel >> 16 & 255);
                sums[1] += weight * (pixel >> 8 & 255);
                sums[2] += weight * (pixel & 255);
                area += weight;
            }
        }
        return (int) Math.round(sums[0] / area) << 16
                | (int) Math.round(sums[1] / area) << 8
                | (int) Math.round(sums[2] / area);
    }
}
