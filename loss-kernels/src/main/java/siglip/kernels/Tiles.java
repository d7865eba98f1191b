package siglip.kernels;

import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.MatrixProducts.Into;
import siglip.kernels.blas.Operand;

/** Goes through a block tile by tile; the similarities of a tile are made where those of the last one were. */
final class Tiles {
    private final MatrixProducts products;
    private final Workspace workspace;

    Tiles(MatrixProducts products, Workspace workspace) {
        this.products = products;
        this.workspace = workspace;
    }

    /** What is done to the similarities of a tile, whose special pairs the workspace has found. */
    interface Pass {
        /** @param row of the block, and {@code column}: where the tile begins */
        void of(Matrix tile, int row, int column);
    }

    /** Shows each tile to a pass. */
    void each(PairBlock pairs, Pass pass) {
        workspace.special.block(pairs.labels());
        Matrix[] imageSlices = workspace.slices(pairs.images());
        int textSlices = (pairs.texts().rows() + workspace.tile - 1) / workspace.tile;
        workspace.texts = products.prepare(pairs.texts(), workspace.texts);
        for (int i = 0; i < imageSlices.length; i++) {
            workspace.imageSlice = products.prepare(imageSlices[i], workspace.imageSlice);
            for (int j = 0; j < textSlices; j++) {
                Matrix tile = workspace.similarities(products, i, workspace.textSlice(j), j);
                pass.of(tile, i * workspace.tile, j * workspace.tile);
            }
        }
    }

    /**
     * Lets a pass turn the similarities of each tile into derivatives with respect to them, and adds what follows to the gradients of
     * the embeddings. Notes the logits of all pairs in {@code block}.
     */
    void differentiate(PairBlock pairs, Matrix imageGradient, Matrix textGradient, LossSums block, Pass pass) {
        pairs.checkGradients(imageGradient, textGradient);
        LogitParams params = pairs.logits();
        Matrix[] imageGradients = workspace.slices(imageGradient);
        Matrix[] textGradients = workspace.slices(textGradient);
        Masked masked = new Masked();
        each(pairs, (tile, row, column) -> {
            int i = row / workspace.tile;
            int j = column / workspace.tile;
            for (int k = 0; k < workspace.special.positiveCount(); k++) {
                block.addPositive(params.of(tile.get(workspace.special.positive(k))));
            }
            masked.add(workspace.special, tile, params);
            pass.of(tile, row, column);
            Operand textSlice = workspace.textSlice(j);
            workspace.gradient = products.prepare(tile, workspace.gradient);
            products.times(workspace.gradient, textSlice, imageGradients[i], Into.ADD);
            products.transposedTimes(workspace.gradient, workspace.imageSlice, textGradients[j], Into.ADD);
        });
        long all = (long) pairs.images().rows() * pairs.texts().rows();
        block.negatives = all - block.positives - masked.count;
        block.negativeLogits = params.scale() * workspace.sumOfSimilarities(pairs.images(), pairs.texts())
                + params.bias() * all
                - block.positiveLogits
                - masked.logits;
    }

    /** The pairs of a block that count as neither positive nor negative. */
    private static final class Masked {
        private long count;
        private double logits;

        void add(SpecialPairs special, Matrix tile, LogitParams params) {
            count += special.maskedCount();
            for (int k = 0; k < special.maskedCount(); k++) {
                logits += params.of(tile.get(special.masked(k)));
            }
        }
    }
}
