package siglip.kernels;

import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.lines.NegativeCounter;
import siglip.kernels.lines.SimilarityHistogram;

/** The first of two passes over the logits, for losses that must know how similarities are distributed before they have a gradient. */
public final class HistogramPass {
    private final Tiles tiles;
    private final Workspace workspace;
    private final NegativeCounter negatives = new NegativeCounter();

    HistogramPass(MatrixProducts products, Workspace workspace) {
        tiles = new Tiles(products, workspace);
        this.workspace = workspace;
    }

    /** Adds the m x n similarities of a block. */
    public void accumulate(PairBlock pairs, SimilarityHistogram histogram) {
        SpecialPairs special = workspace.special;
        tiles.each(pairs, (tile, row, column) -> {
            int width = tile.columns();
            for (int k = 0; k < special.positiveCount(); k++) {
                histogram.addPositive(tile.get(special.positive(k)));
            }
            workspace.readRows(tile, (i, values, from) -> negatives.add(values, from, width, histogram));
            for (int k = 0; k < special.positiveCount(); k++) {
                negatives.remove(tile.get(special.positive(k)), histogram);
            }
            for (int k = 0; k < special.maskedCount(); k++) {
                negatives.remove(tile.get(special.masked(k)), histogram);
            }
        });
        negatives.flush(histogram);
    }

    Footprint footprint() {
        return new Footprint(0, negatives.held());
    }

    /** What it holds once it has worked. */
    static Footprint ofBins() {
        return new Footprint(0, NegativeCounter.bytes());
    }
}
