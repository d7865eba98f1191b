package siglip.job.planning;

import siglip.job.towers.ModelSpec;
import siglip.job.towers.TowerPair;
import siglip.kernels.blas.MatrixProducts;

/**
 * Memory that the towers of a core take, as their own accounting has it: it grows by the same for every row, so two small pairs of towers tell
 * all.
 *
 * @param fixed bytes without any rows
 * @param perRow bytes for a row
 */
public record TowerBytes(long fixed, long perRow) {
    public static TowerBytes of(ModelSpec model, MatrixProducts products) {
        long one = bytes(model, products, 1);
        long two = bytes(model, products, 2);
        return new TowerBytes(2 * one - two, two - one);
    }

    private static long bytes(ModelSpec model, MatrixProducts products, int rows) {
        try (TowerPair towers = new TowerPair(model, products, rows)) {
            return towers.bytes();
        }
    }

    long of(int rows) {
        return fixed + perRow * rows;
    }
}
