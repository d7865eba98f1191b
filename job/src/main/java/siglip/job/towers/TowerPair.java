package siglip.job.towers;

import siglip.job.batches.Batch;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.SparseRows;

/**
 * Both towers with the memory that a rank needs to run them. Belongs to one thread; parameters are passed in, so that the arms of a comparison
 * take turns on one pair. A backward pass of a tower belongs to its forward pass before it, with the same parameters and batch; the
 * two towers may pass one after the other, in either order.
 *
 * <p>Each row's result depends on that row alone, and gradients are sums over rows: a batch may be cut anywhere, and the parts add up to the
 * whole but for rounding.
 */
public final class TowerPair implements AutoCloseable {
    private final ModelSpec spec;
    private final int capacity;
    private final Encoder image;
    private final Encoder text;
    private final TokenSums sums;
    private final Matrix outputGradient; // for one tower after the other

    /** @param capacity most rows of a batch */
    public TowerPair(ModelSpec spec, MatrixProducts products, int capacity) {
        this.spec = spec;
        this.capacity = capacity;
        image = new Encoder(spec.image(), Modality.IMAGE, products, capacity, Tower.InputGradient.UNUSED);
        text = new Encoder(
                spec.text(),
                Modality.TEXT,
                products,
                capacity,
                spec.shape().textIsTokens() ? Tower.InputGradient.NEEDED : Tower.InputGradient.UNUSED);
        sums = new TokenSums(spec.layout().tableRows(), spec.layout().tableWidth());
        outputGradient = Matrix.allocate(capacity, spec.width());
    }

    /**
     * Embeds the images or the texts of a batch for training: with input dropout, decided by seed, step and row ids.
     *
     * @param embeddings n x d, overwritten with rows of length 1 (a row without direction, norm at most 1e-12, becomes zeros)
     */
    public void forward(Modality of, Parameters parameters, Batch batch, long seed, long step, Matrix embeddings) {
        int rows = batch.rows();
        if (rows > capacity || embeddings.rows() != rows) {
            throw new IllegalArgumentException("Cannot embed %d pairs into %d rows: there is room for %d"
                    .formatted(rows, embeddings.rows(), capacity));
        }
        Matrix input = of == Modality.IMAGE ? batch.images().rows(0, rows) : textInput(parameters, batch);
        encoder(of).forward(parameters.of(of), input, batch.ids(), seed, step, embeddings);
    }

    private Encoder encoder(Modality of) {
        return of == Modality.IMAGE ? image : text;
    }

    private Matrix textInput(Parameters parameters, Batch batch) {
        int rows = batch.rows();
        if (!spec.shape().textIsTokens()) {
            return batch.texts().rows(0, rows);
        }
        if (batch.tokens().rows() != rows) {
            throw new IllegalArgumentException("Cannot embed %d pairs with %d bags of tokens"
                    .formatted(rows, batch.tokens().rows()));
        }
        Matrix input = text.room(rows);
        sums.forward(parameters.table(), batch.tokens(), input);
        return input;
    }

    /**
     * Takes the gradient of the embeddings of one tower back to its parameters. Sums over the batch, no means.
     *
     * @param gradient n x d, with respect to the rows that the forward pass gave
     * @param denseGradient 1 x P, whose range of the tower is overwritten
     * @param tableGradient overwritten, of texts, with the touched rows: none when texts are features
     */
    public void backward(Modality of, Batch batch, Matrix gradient, Matrix denseGradient, SparseRows tableGradient) {
        encoder(of).backward(gradient, outputGradient, spec.layout().of(of, denseGradient));
        if (of == Modality.IMAGE) {
            return;
        }
        tableGradient.clear();
        if (spec.shape().textIsTokens()) {
            sums.backward(batch.tokens(), text.inputGradient(batch.ids()), tableGradient);
        }
    }

    /** Bytes of native memory held: activations, their gradients, and what DL4J's graphs keep of parameters. */
    public long bytes() {
        return image.bytes() + text.bytes() + sums.bytes() + 4L * outputGradient.size();
    }

    @Override
    public void close() {
        image.close();
        text.close();
    }
}
