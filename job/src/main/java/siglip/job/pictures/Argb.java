package siglip.job.pictures;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;

/**
 * Pixels as a decoder gave them, in sRGB.
 *
 * @param pixels {@code 0xAARRGGBB}, row by row; colours not multiplied with alpha
 * @param opaque whether every alpha is 255
 */
record Argb(int width, int height, int[] pixels, boolean opaque) {
    static final int OPAQUE = 0xff000000;

    static Argb of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        boolean opaque = !image.getColorModel().hasAlpha();
        if (isGray(image)) {
            return new Argb(width, height, gray(image), opaque);
        }
        int[] pixels =
                isInterleavedBytes(image) ? interleaved(image) : image.getRGB(0, 0, width, height, null, 0, width);
        return new Argb(width, height, pixels, opaque);
    }

    private static boolean isGray(BufferedImage image) {
        ColorModel model = image.getColorModel();
        return !(model instanceof IndexColorModel) && model.getColorSpace().getType() == ColorSpace.TYPE_GRAY;
    }

    /** Gray samples as they are: {@code getRGB} takes them for linear light and would brighten them. */
    private static int[] gray(BufferedImage image) {
        Raster raster = image.getRaster();
        ColorModel model = image.getColorModel();
        long max = (1L << model.getComponentSize(0)) - 1;
        long alphaMax = model.hasAlpha() ? (1L << model.getComponentSize(1)) - 1 : 1;
        int width = image.getWidth();
        int bands = raster.getNumBands();
        int[] argb = new int[width * image.getHeight()];
        int[] samples = new int[bands * width];
        for (int y = 0, i = 0; y < image.getHeight(); y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, samples);
            for (int x = 0; x < width; x++, i++) {
                int value = eightBits(samples[x * bands], max);
                int alpha = model.hasAlpha() ? eightBits(samples[x * bands + 1], alphaMax) : 255;
                if (model.isAlphaPremultiplied() && alpha != 0) {
                    value = Math.min(255, (value * 255 + alpha / 2) / alpha);
                }
                argb[i] = alpha << 24 | value << 16 | value << 8 | value;
            }
        }
        return argb;
    }

    private static int eightBits(int sample, long max) {
        return (int) (((sample & 0xffffffffL) * 255 + max / 2) / max);
    }

    private static boolean isInterleavedBytes(BufferedImage image) {
        ColorModel model = image.getColorModel();
        return image.getRaster().getSampleModel() instanceof PixelInterleavedSampleModel
                && image.getRaster().getDataBuffer() instanceof DataBufferByte
                && !(model instanceof IndexColorModel)
                && model.getColorSpace().isCS_sRGB()
                && !model.isAlphaPremultiplied()
                && image.getRaster().getParent() == null;
    }

    /** What {@code getRGB} gives for sRGB in bytes, without asking its colour model for each pixel. */
    private static int[] interleaved(BufferedImage image) {
        PixelInterleavedSampleModel layout =
                (PixelInterleavedSampleModel) image.getRaster().getSampleModel();
        DataBufferByte buffer = (DataBufferByte) image.getRaster().getDataBuffer();
        byte[] bytes = buffer.getData();
        int[] bands = layout.getBandOffsets();
        int stride = layout.getPixelStride();
        int width = image.getWidth();
        int[] argb = new int[width * image.getHeight()];
        for (int y = 0, i = 0; y < image.getHeight(); y++) {
            int red = buffer.getOffset() + y * layout.getScanlineStride() + bands[0];
            int green = red - bands[0] + bands[1];
            int blue = red - bands[0] + bands[2];
            int alpha = image.getColorModel().hasAlpha() ? red - bands[0] + bands[3] : -1;
            for (int x = 0, at = 0; x < width; x++, i++, at += stride) {
                argb[i] = (alpha < 0 ? OPAQUE : bytes[alpha + at] << 24)
                        | (bytes[red + at] & 255) << 16
                        | (bytes[green + at] & 255) << 8
                        | (bytes[blue + at] & 255);
            }
        }
        return argb;
    }

    /** A transparent canvas with this at column {@code left} and row {@code top} of it. */
    Argb onCanvas(int canvasWidth, int canvasHeight, int left, int top) {
        if (width == canvasWidth && height == canvasHeight) {
            return this;
        }
        int[] canvas = new int[canvasWidth * canvasHeight];
        int columns = Math.min(width, canvasWidth - left);
        for (int y = 0; y < Math.min(height, canvasHeight - top); y++) {
            System.arraycopy(pixels, y * width, canvas, (top + y) * canvasWidth + left, columns);
        }
        return new Argb(canvasWidth, canvasHeight, canvas, false);
    }

    /** Every pixel as {@code 0xRRGGBB}, mixed with white as far as it is transparent. Takes the array of pixels. */
    int[] onWhite() {
        int[] rgb = pixels;
        for (int i = 0; i < rgb.length; i++) {
            int alpha = rgb[i] >>> 24;
            if (alpha != 255) {
                int mixed = 0;
                for (int shift = 16; shift >= 0; shift -= 8) {
                    int value = rgb[i] >> shift & 255;
                    mixed |= ((value * alpha + 255 * (255 - alpha) + 127) / 255) << shift;
                }
                rgb[i] = mixed;
            }
            rgb[i] &= 0xffffff;
        }
        return rgb;
    }

    static Argb transparent(int width, int height) {
        return new Argb(width, height, new int[width * height], false);
    }
}
