package siglip.kernels;

import siglip.kernels.blas.MatrixProducts;

/** The first of two passes over the logits, for losses that must know how similarities are distributed before they have a gradient. */
public final class HistogramPass {
    private final Tiles tiles;
    private final Workspace workspace;

    HistogramPass(MatrixProducts products, Workspace workspace) {
        tiles = new Tiles(products, workspace);
        this.workspace = workspace;
    }

    /** Adds the m x n similarities of a block. */
    public void accumulate(PairBlock pairs, SimilarityHistogram histogram) {
        SpecialPairs special = workspace.special;
        tiles.each(pairs, (tile, row, column) -> {
            int width = tile.columns();
            workspace.readRows(tile, (i, values, from) -> histogram.addNegatives(values, from, width));
            for (int k = 0; k < special.positiveCount(); k++) {
                double similarity = tile.get(special.positive(k));
                histogram.removeNegative(similarity);
                histogram.addPositive(similarity);
            }
            for (int k = 0; k < special.maskedCount(); k++) {
                histogram.removeNegative(tile.get(special.masked(k)));
            }
        });
    }
}
