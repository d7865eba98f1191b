package siglip.job.pictures;

/** What came of decoding a picture file. */
public sealed interface Decoded permits Decoded.Pixels, Rejected {
    /**
     * A square of pixels, upright and on white.
     *
     * @param rgb {@code 0xRRGGBB}, row by row
     */
    record Pixels(int[] rgb) implements Decoded {}
}
