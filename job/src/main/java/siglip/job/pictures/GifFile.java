package siglip.job.pictures;

import java.io.IOException;

/** The first frame of a GIF file, on its canvas. Where the frame does not reach, the canvas is transparent, as browsers show it. */
record GifFile(Bytes file, int width, int height, Frame frame) implements PictureFile {
    static GifFile open(Bytes file) throws RejectedException {
        int at = 13 + tableBytes(file.u8(10));
        while (true) {
            switch (file.u8(at)) {
                case 0x21 -> at = afterBlocks(file, at + 2);
                case 0x2c -> {
                    Frame frame =
                            new Frame(file.u16le(at + 1), file.u16le(at + 3), file.u16le(at + 5), file.u16le(at + 7));
                    afterBlocks(file, at + 11 + tableBytes(file.u8(at + 9)));
                    return new GifFile(
                            file,
                            Math.max(file.u16le(6), frame.left() + frame.width()),
                            Math.max(file.u16le(8), frame.top() + frame.height()),
                            frame);
                }
                case 0x3b -> throw new RejectedException(
                        Fault.DAMAGED, "the picture is damaged: a GIF file without a frame");
                default -> throw new RejectedException(
                        Fault.DAMAGED, "the picture is damaged: no GIF block at byte " + at);
            }
        }
    }

    private static int tableBytes(int flags) {
        return flags < 0x80 ? 0 : 3 << ((flags & 7) + 1);
    }

    /** Where the blocks of data that begin at {@code at} have ended. */
    private static int afterBlocks(Bytes file, int at) throws RejectedException {
        int next = at;
        while (file.u8(next) != 0) {
            next += file.u8(next) + 1;
        }
        return next + 1;
    }

    @Override
    public Argb read(Step step) throws IOException {
        return frame.read(Decoder.GIF, file, width, height, step);
    }
}
