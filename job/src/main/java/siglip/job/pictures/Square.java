package siglip.job.pictures;

/**
 * Brings pixels to a square by averaging the area that each pixel covers, without keeping the aspect ratio.
 *
 * <p>Sums are exact where the square's side divides both sides of the picture; elsewhere they are added in {@code double}, row by row and
 * from left to right. Means are rounded half up.
 */
final class Square {
    private Square() {}

    /**
     * The picture as {@code px x px} pixels {@code 0xRRGGBB}.
     *
     * @param rgb {@code width * height} pixels {@code 0xRRGGBB}, row by row; returned as they are if they have that size
     */
    static int[] of(int[] rgb, int width, int height, int px) {
        if (width == px && height == px) {
            return rgb;
        }
        return width % px == 0 && height % px == 0 ? blocks(rgb, width, height, px) : areas(rgb, width, height, px);
    }

    private static int[] blocks(int[] rgb, int width, int height, int px) {
        int columns = width / px;
        int rows = height / px;
        double area = (double) columns * rows;
        int[] out = new int[px * px];
        for (int i = 0; i < out.length; i++) {
            long red = 0;
            long green = 0;
            long blue = 0;
            int from = i / px * rows * width + i % px * columns;
            for (int row = 0; row < rows; row++, from += width) {
                for (int at = from; at < from + columns; at++) {
                    red += rgb[at] >> 16 & 255;
                    green += rgb[at] >> 8 & 255;
                    blue += rgb[at] & 255;
                }
            }
            out[i] = mean((double) red, (double) green, (double) blue, area);
        }
        return out;
    }

    /** Source pixels cut by the border of an area count in part. */
    private static int[] areas(int[] rgb, int width, int height, int px) {
        Span[] columns = spans(width, px);
        Span[] rows = spans(height, px);
        int[] out = new int[px * px];
        for (int i = 0; i < out.length; i++) {
            Span across = columns[i % px];
            Span down = rows[i / px];
            double red = 0;
            double green = 0;
            double blue = 0;
            double area = 0;
            for (int row = 0; row < down.shares.length; row++) {
                double share = down.shares[row];
                int from = (down.first + row) * width + across.first;
                for (int column = 0; column < across.shares.length; column++) {
                    double weight = share * across.shares[column];
                    int pixel = rgb[from + column];
                    red += weight * (pixel >> 16 & 255);
                    green += weight * (pixel >> 8 & 255);
                    blue += weight * (pixel & 255);
                    area += weight;
                }
            }
            out[i] = mean(red, green, blue, area);
        }
        return out;
    }

    /** The pixels under one column or row of the square, and how much of each. */
    private record Span(int first, double[] shares) {}

    private static Span[] spans(int size, int px) {
        Span[] spans = new Span[px];
        for (int i = 0; i < px; i++) {
            double from = (double) i * size / px;
            double to = (double) (i + 1) * size / px;
            int first = (int) from;
            double[] shares = new double[(int) Math.min(size, Math.ceil(to)) - first];
            for (int k = 0; k < shares.length; k++) {
                shares[k] = Math.min(to, first + k + 1) - Math.max(from, first + k);
            }
            spans[i] = new Span(first, shares);
        }
        return spans;
    }

    private static int mean(double red, double green, double blue, double area) {
        return (int) Math.round(red / area) << 16 | (int) Math.round(green / area) << 8 | (int) Math.round(blue / area);
    }

    /**
     * Turns a square as its EXIF orientation demands.
     *
     * @param orientation 1 to 8; anything else leaves it as it is
     */
    static int[] upright(int[] rgb, int px, int orientation) {
        if (orientation < 2 || orientation > 8) {
            return rgb;
        }
        int[] out = new int[rgb.length];
        int end = px - 1;
        for (int y = 0; y < px; y++) {
            for (int x = 0; x < px; x++) {
                out[y * px + x] = rgb[
                        switch (orientation) {
                            case 2 -> y * px + end - x; // mirrored
                            case 3 -> (end - y) * px + end - x; // upside down
                            case 4 -> (end - y) * px + x; // mirrored, upside down
                            case 5 -> x * px + y; // mirrored at the main diagonal
                            case 6 -> (end - x) * px + y; // its left side is the upper one
                            case 7 -> (end - x) * px + end - y; // mirrored at the other diagonal
                            default -> x * px + end - y; // its right side is the upper one
                        }];
            }
        }
        return out;
    }
}
