package siglip.job.pictures;

/**
 * How many pixels are stepped over, along each axis: 1 reads them all.
 *
 * @param x from column to column
 * @param y from row to row
 */
record Step(int x, int y) {
    static final Step ALL = new Step(1, 1);

    /** Pixels that are left of {@code pixels} with this step. */
    static int left(int pixels, int step) {
        return (pixels + step - 1) / step;
    }
}
