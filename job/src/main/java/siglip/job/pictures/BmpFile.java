package siglip.job.pictures;

import java.io.IOException;

/** A BMP file. */
record BmpFile(Bytes file, int width, int height) implements PictureFile {
    private static final int UNCOMPRESSED = 0;
    private static final int BIT_FIELDS = 3;
    private static final int JPEG_INSIDE = 4;
    private static final int PNG_INSIDE = 5;

    static BmpFile open(Bytes file) throws RejectedException {
        boolean core = file.u32le(BmpHeader.SIZE_AT) == BmpHeader.CORE_BYTES;
        int width = core ? file.u16le(18) : (int) file.u32le(18);
        int height = core ? file.u16le(20) : Math.abs((int) file.u32le(22));
        int bits = core ? file.u16le(24) : file.u16le(28);
        long compression = core ? UNCOMPRESSED : file.u32le(30);
        if (compression == JPEG_INSIDE || compression == PNG_INSIDE) {
            throw new RejectedException(Fault.VARIANT);
        }
        if (compression == UNCOMPRESSED || compression == BIT_FIELDS) {
            long rowBytes = ((long) width * bits + 31) / 32 * 4;
            file.require(file.u32le(BmpHeader.PIXELS_AT), rowBytes * height);
        }
        return new BmpFile(file, width, height);
    }

    @Override
    public Argb read(Step step) throws IOException {
        return Decoder.BMP.read(file.array(), step);
    }
}
