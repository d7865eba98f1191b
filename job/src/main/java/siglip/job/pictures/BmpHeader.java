package siglip.job.pictures;

/** Where the header of a BMP file, of which there are seven, has what. */
final class BmpHeader {
    static final int PIXELS_AT = 10;
    static final int SIZE_AT = 14;
    static final int CORE_BYTES = 12;

    private BmpHeader() {}

    /** Two letters alone could begin a text. */
    static boolean isBmp(Bytes file) throws RejectedException {
        return file.has(0, "BM")
                && file.length() > SIZE_AT + 4
                && switch ((int) file.u32le(SIZE_AT)) {
                    case CORE_BYTES, 16, 40, 52, 56, 64, 108, 124 -> true;
                    default -> false;
                };
    }
}
