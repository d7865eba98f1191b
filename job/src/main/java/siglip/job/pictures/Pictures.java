package siglip.job.pictures;

import java.io.EOFException;
import java.io.IOException;

/** Reads picture files: JPEG, PNG, GIF, BMP, TIFF and WebP. */
public final class Pictures {
    /** Rows and columns beyond this are what no camera makes, and long rows are read whole. */
    static final int MAX_SIDE = 65_535;

    /** Of a side much longer than needed, pixels are left out as long as this many times the target remain. */
    private static final int SPARE = 16;

    /** Decoder that need more than this beside the picture take turns. */
    private static final long MUCH_MEMORY = 64 << 20;

    private static final Object TURN = new Object();

    private Pictures() {}

    /**
     * The picture as {@code px x px} pixels, upright and in sRGB. Another size is brought to it by averaging the area that each pixel covers,
     * without keeping the aspect ratio; where the picture is transparent, white shows. Of animations the first frame counts, of documents
     * the first page.
     *
     * <p>Along a side of at least {@code 32 * px} only every n-th pixel is read, n being the largest number that leaves at least
     * {@code 16 * px}: the mean of an area is then taken from at least 16 x 16 of its pixels. Smaller pictures are averaged whole.
     *
     * @param px pixels of a side
     * @param maxPixels the most that a picture may have, by its header, before anything is allocated for them
     */
    public static Decoded decode(byte[] file, int px, long maxPixels) {
        try {
            Bytes bytes = new Bytes(file);
            PictureFile picture = PictureFile.open(bytes, Signature.of(bytes));
            requireSize(picture, maxPixels);
            Argb read = readInTurn(picture, new Step(step(picture.width(), px), step(picture.height(), px)));
            int[] square = Square.of(read.onWhite(), read.width(), read.height(), px);
            return new Decoded.Pixels(Square.upright(square, px, picture.orientation()));
        } catch (IOException | RuntimeException e) { // the decoders throw all kinds on broken files
            return rejected(e);
        }
    }

    /**
     * What a file is, by its headers. Its data are not decoded, so it may still prove to be damaged.
     */
    public static Inspected inspect(byte[] file) {
        try {
            Bytes bytes = new Bytes(file);
            PictureFormat format = Signature.of(bytes);
            PictureFile picture = PictureFile.open(bytes, format);
            requireSize(picture, Long.MAX_VALUE);
            boolean lying = picture.orientation() >= 5;
            return new Inspected.Size(
                    format, lying ? picture.height() : picture.width(), lying ? picture.width() : picture.height());
        } catch (IOException | RuntimeException e) {
            return rejected(e);
        }
    }

    private static Rejected rejected(Exception e) {
        if (e instanceof RejectedException known) {
            return known.rejected();
        }
        Fault fault = isEnd(e) ? Fault.TRUNCATED : Fault.DAMAGED;
        String message = e.getMessage();
        return new Rejected(fault, message == null ? fault.sentence() : fault.sentence() + ": " + message);
    }

    private static boolean isEnd(Throwable e) {
        return e != null && (e instanceof EOFException || isEnd(e.getCause()));
    }

    private static void requireSize(PictureFile picture, long maxPixels) throws RejectedException {
        int width = picture.width();
        int height = picture.height();
        if (width <= 0 || height <= 0) {
            throw new RejectedException(
                    Fault.DAMAGED, "the picture is damaged: it is %d x %d pixels".formatted(width, height));
        }
        if ((long) width * height > maxPixels) {
            throw new RejectedException(
                    Fault.TOO_LARGE,
                    "the picture has %d x %d pixels, more than %d in all".formatted(width, height, maxPixels));
        }
        if (Math.max(width, height) > MAX_SIDE) {
            throw new RejectedException(
                    Fault.TOO_LARGE,
                    "the picture has %d x %d pixels, more than %d on a side".formatted(width, height, MAX_SIDE));
        }
    }

    static int step(int side, int px) {
        return Math.max(1, side / (SPARE * px));
    }

    private static Argb readInTurn(PictureFile picture, Step step) throws IOException {
        long bytes = picture.workingBytes();
        if (bytes <= MUCH_MEMORY) {
            return picture.read(step);
        }
        long heap = Runtime.getRuntime().maxMemory();
        if (bytes > heap / 2) {
            throw new RejectedException(
                    Fault.NEEDS_MEMORY,
                    "the picture of %d x %d pixels needs %d MiB to decode, more than half of a heap of %d MiB"
                            .formatted(picture.width(), picture.height(), bytes >> 20, heap >> 20));
        }
        synchronized (TURN) {
            return picture.read(step);
        }
    }
}
