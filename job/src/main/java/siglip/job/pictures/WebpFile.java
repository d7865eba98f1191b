package siglip.job.pictures;

import java.io.IOException;

/** A WebP file; of an animation the first frame, on its canvas. Where the frame does not reach, the canvas is transparent. */
record WebpFile(Bytes file, int width, int height, Frame frame, long workingBytes, int orientation)
        implements PictureFile {
    private static final int FIRST_CHUNK = 12;
    private static final int ALPHA_UNCOMPRESSED = 0;

    /** What the decoder holds for each pixel of a lossy picture: at most 27 bytes, measured. */
    private static final long LOSSY_BYTES = 32;

    private static final long LOSSLESS_BYTES = 12;
    private static final byte[] NONE = {};

    static WebpFile open(Bytes file) throws RejectedException {
        long end = 8 + file.u32le(4);
        file.require(0, end);
        return new Chunks(file, (int) end).read();
    }

    @Override
    public Argb read(Step step) throws IOException {
        return frame.read(Decoder.WEBP, file, width, height, step);
    }

    /** Walks through the chunks. Of an animation, the first frame's are the picture; those of the others are passed over. */
    private static final class Chunks {
        private final Bytes file;
        private final int end;
        private int canvasWidth;
        private int canvasHeight;
        private Frame frame;
        private int width;
        private int height;
        private boolean lossy;
        private byte[] exif = NONE;

        Chunks(Bytes file, int end) {
            this.file = file;
            this.end = end;
        }

        WebpFile read() throws RejectedException {
            walk(FIRST_CHUNK, end);
            if (width == 0) {
                throw new RejectedException(Fault.DAMAGED, "the picture is damaged: a WebP file without a picture");
            }
            if (canvasWidth == 0) {
                canvasWidth = width;
                canvasHeight = height;
            }
            if (frame == null) {
                frame = new Frame(0, 0, canvasWidth, canvasHeight);
            }
            if (frame.width() != width
                    || frame.height() != height
                    || frame.left() + width > canvasWidth
                    || frame.top() + height > canvasHeight) {
                throw new RejectedException(
                        Fault.DAMAGED,
                        "the picture is damaged: %d x %d pixels do not fit %s".formatted(width, height, frame));
            }
            long bytes = (lossy ? LOSSY_BYTES : LOSSLESS_BYTES) * width * height;
            return new WebpFile(file, canvasWidth, canvasHeight, frame, bytes, Exif.orientation(exif));
        }

        private void walk(int from, int to) throws RejectedException {
            for (int at = from; at + 8 <= to; ) {
                long length = file.u32le(at + 4);
                file.require(at, 8 + length);
                chunk(file.ascii(at, 4), at + 8, (int) length);
                at += 8 + (int) length + (int) (length & 1);
            }
        }

        private void chunk(String type, int at, int length) throws RejectedException {
            switch (type) {
                case "VP8X" -> {
                    canvasWidth = 1 + file.u24le(at + 4);
                    canvasHeight = 1 + file.u24le(at + 7);
                }
                case "ANMF" -> {
                    if (frame == null) {
                        frame = new Frame(
                                2 * file.u24le(at),
                                2 * file.u24le(at + 3),
                                1 + file.u24le(at + 6),
                                1 + file.u24le(at + 9));
                        walk(at + 16, at + length);
                    }
                }
                case "ALPH" -> {
                    if ((file.u8(at) & 3) == ALPHA_UNCOMPRESSED) { // the decoder would leave the picture opaque
                        throw new RejectedException(
                                Fault.VARIANT,
                                "WebP pictures with uncompressed alpha are not supported; save them anew");
                    }
                }
                case "VP8 " -> {
                    lossy = true;
                    width = file.u16le(at + 6) & 0x3fff;
                    height = file.u16le(at + 8) & 0x3fff;
                }
                case "VP8L" -> {
                    long sides = file.u32le(at + 1);
                    width = 1 + (int) (sides & 0x3fff);
                    height = 1 + (int) (sides >> 14 & 0x3fff);
                }
                case "EXIF" -> {
                    int skipped = file.has(at, Exif.PREAMBLE) ? Exif.PREAMBLE.length() : 0;
                    exif = file.copy(at + skipped, at + length);
                }
                default -> {} // the decoder's
            }
        }
    }
}
