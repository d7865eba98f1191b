package siglip.kernels;

import siglip.kernels.blas.MatrixProducts;

/**
 * The door to this module: the losses and the products, in the numerics that were asked for. An instance belongs to one
 * thread and owns native memory.
 */
public final class LossKernels implements AutoCloseable {
    private final Numerics numerics;
    private final MatrixProducts products;
    private final Workspace workspace;
    private final SigmoidLoss sigmoid;
    private final SoftmaxLoss softmax;
    private final HistogramPass histogram;
    private final AdaptiveSigmoidLoss adaptive;

    private LossKernels(MatrixProducts products, ElementwiseKernel kernel, Numerics asked) {
        this.products = products;
        numerics = new Numerics(products.name(), products.precision().id(), kernel.name(), asked.tile());
        workspace = new Workspace(asked.tile());
        sigmoid = new SigmoidLoss(products, kernel, workspace);
        softmax = new SoftmaxLoss(products, kernel, workspace);
        histogram = new HistogramPass(products, workspace);
        adaptive = new AdaptiveSigmoidLoss(products, kernel, workspace);
    }

    /**
     * Opens what was asked for. Resolved {@link #numerics} of another process may be asked for too: only the same library, version,
     * instruction set, precision and vector width honours them.
     *
     * @throws IllegalArgumentException if a choice is none that exists
     * @throws IllegalStateException if a forced choice cannot be honoured here; the message says what is missing
     */
    public static LossKernels open(Numerics numerics) {
        ElementwiseKernel kernel = ElementwiseKernels.open(numerics.elementwise());
        return new LossKernels(MatrixProducts.open(numerics.products(), numerics.precision()), kernel, numerics);
    }

    /** What runs, with nothing left to choose: two ranks with equal resolved numerics compute with the same code. */
    public Numerics numerics() {
        return numerics;
    }

    public MatrixProducts products() {
        return products;
    }

    public SigmoidLoss sigmoid() {
        return sigmoid;
    }

    public SoftmaxLoss softmax() {
        return softmax;
    }

    public AdaptiveSigmoidLoss adaptive() {
        return adaptive;
    }

    public HistogramPass histogram() {
        return histogram;
    }

    /** Working memory that the losses hold: tiles and scratch, not embeddings. */
    public Footprint footprint() {
        return workspace
                .footprint()
                .plus(sigmoid.footprint())
                .plus(softmax.footprint())
                .plus(adaptive.footprint())
                .plus(histogram.footprint());
    }

    /** What all losses together hold after blocks of a shape; {@link Memory} comes on top where a loss has used it. */
    public static Footprint footprint(BlockShape shape) {
        return Workspace.footprint(shape).plus(SoftmaxLoss.ofTile(shape.tile()));
    }

    @Override
    public void close() {
        products.close();
    }

    /** Memory of a lane's kernels that grows with the blocks, and only once a loss has used it. */
    public enum Memory {
        /** The softmax's second pass. */
        SOFTMAX {
            @Override
            public Footprint of(BlockShape shape) {
                return SoftmaxLoss.footprint(shape);
            }
        },
        /** The biases of lines. */
        ADAPTIVE {
            @Override
            public Footprint of(BlockShape shape) {
                return AdaptiveSigmoidLoss.footprint(shape);
            }
        },
        /** The sigmoid in a hybrid. */
        HYBRID {
            @Override
            public Footprint of(BlockShape shape) {
                return SigmoidShare.footprint(shape);
            }
        },
        /** What negatives are drawn with. */
        RANDOM_NEGATIVES {
            @Override
            public Footprint of(BlockShape shape) {
                return NegativeChoice.footprint(shape);
            }
        },
        /** The penalty on the variance of negatives. */
        VRNS {
            @Override
            public Footprint of(BlockShape shape) {
                return SpreadPenalty.footprint(shape);
            }
        },
        /** What similarities are counted in. */
        HISTOGRAM {
            @Override
            public Footprint of(BlockShape shape) {
                return HistogramPass.ofBins();
            }
        },
        LABEL_SMOOTHING {
            @Override
            public Footprint of(BlockShape shape) {
                return LabelSmoothing.footprint(shape);
            }
        };

        /** What that comes to with blocks of a shape. */
        public abstract Footprint of(BlockShape shape);
    }
}
