package siglip.kernels;

/** The element-wise part of the sigmoid loss alone, over a tile of negatives that lies in an array. */
public final class ElementwisePass {
    private final ElementwiseKernel kernel = ElementwiseKernels.open("auto");
    private final double[] sums = new double[ElementwiseKernel.SUMS];
    private final int tile;
    private final float[] values;

    public ElementwisePass(int tile) {
        this.tile = tile;
        values = new float[tile * tile];
    }

    public double run() {
        for (int row = 0; row < tile; row++) {
            kernel.sigmoid(values, row * tile, tile, 10f, -10f, sums);
        }
        return sums[ElementwiseKernel.LOSS];
    }
}
