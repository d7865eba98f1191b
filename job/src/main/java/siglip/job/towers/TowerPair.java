package siglip.job.towers;

import siglip.job.batches.Batch;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

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
    private final Tower image;
    private final Tower text;
    private final InputDropout imageDropout;
    private final InputDropout textDropout;
    private final UnitRows imageUnit;
    private final UnitRows textUnit;
    private final TokenSums sums;
    private final Matrix imageInput; // after dropout; no rows where there is none
    private final Matrix
            textInput; // the bags' sums or the features after dropout; no rows where the batch's own will do
    private final Matrix outputGradient; // for one tower after the other
    private Matrix imageFed = Matrix.allocate(0, 0);
    private Matrix textFed = Matrix.allocate(0, 0);
    private Matrix imageOutput = Matrix.allocate(0, 0);
    private Matrix textOutput = Matrix.allocate(0, 0);
    private boolean dropping;
    private long seed;
    private long step;

    /** @param capacity most rows of a batch */
    public TowerPair(ModelSpec spec, MatrixProducts products, int capacity) {
        this.spec = spec;
        this.capacity = capacity;
        TowerPlan imagePlan = spec.image();
        TowerPlan textPlan = spec.text();
        boolean tokens = spec.shape().textIsTokens();
        image = tower(imagePlan, products, Tower.InputGradient.UNUSED);
        text = tower(textPlan, products, tokens ? Tower.InputGradient.NEEDED : Tower.InputGradient.UNUSED);
        imageDropout = new InputDropout(imagePlan.inputDropout(), InputDropout.IMAGE, imagePlan.in());
        textDropout = new InputDropout(textPlan.inputDropout(), InputDropout.TEXT, textPlan.in());
        imageUnit = new UnitRows(capacity, spec.width());
        textUnit = new UnitRows(capacity, spec.width());
        sums = new TokenSums(spec.layout().tableRows(), spec.layout().tableWidth());
        imageInput = Matrix.allocate(imageDropout.active() ? capacity : 0, imagePlan.in());
        textInput = Matrix.allocate(tokens || textDropout.active() ? capacity : 0, textPlan.in());
        outputGradient = Matrix.allocate(capacity, spec.width());
    }

    private Tower tower(TowerPlan plan, MatrixProducts products, Tower.InputGradient wanted) {
        return plan.chain().isEmpty()
                ? new GraphTower(plan, capacity, wanted)
                : new ChainTower(plan.chain(), products, capacity, wanted);
    }

    /**
     * Embeds a batch for training: with input dropout, decided by seed, step and row ids.
     *
     * @param imageEmbeddings n x d, overwritten with rows of length 1 (a row without direction, norm at most 1e-12, becomes zeros)
     * @param textEmbeddings n x d, likewise
     */
    public void forward(
            Parameters parameters, Batch batch, long seed, long step, Matrix imageEmbeddings, Matrix textEmbeddings) {
        forwardImages(parameters, batch, seed, step, imageEmbeddings);
        forwardTexts(parameters, batch, seed, step, textEmbeddings);
    }

    /** The images' part of {@link #forward}. */
    public void forwardImages(Parameters parameters, Batch batch, long seed, long step, Matrix embeddings) {
        drop(seed, step);
        embedImages(parameters, batch, embeddings);
    }

    /** The texts' part of {@link #forward}. */
    public void forwardTexts(Parameters parameters, Batch batch, long seed, long step, Matrix embeddings) {
        drop(seed, step);
        embedTexts(parameters, batch, embeddings);
    }

    private void drop(long seedOf, long stepOf) {
        seed = seedOf;
        step = stepOf;
        dropping = true;
    }

    /** Embeds a batch as it is, without dropout. A backward pass may follow. */
    public void embed(Parameters parameters, Batch batch, Matrix imageEmbeddings, Matrix textEmbeddings) {
        dropping = false;
        embedImages(parameters, batch, imageEmbeddings);
        embedTexts(parameters, batch, textEmbeddings);
    }

    private void embedImages(Parameters parameters, Batch batch, Matrix embeddings) {
        int rows = checkedRows(batch, "images", embeddings);
        imageFed = batch.images().rows(0, rows);
        if (dropping && imageDropout.active()) {
            imageDropout.apply(seed, step, batch.ids(), imageFed, imageInput, rows);
            imageFed = imageInput.rows(0, rows);
        }
        imageOutput = image.forward(parameters.image(), imageFed);
        imageUnit.forward(imageOutput, embeddings);
    }

    private void embedTexts(Parameters parameters, Batch batch, Matrix embeddings) {
        textFed = textInput(parameters, batch, checkedRows(batch, "texts", embeddings));
        textOutput = text.forward(parameters.text(), textFed);
        textUnit.forward(textOutput, embeddings);
    }

    private int checkedRows(Batch batch, String what, Matrix embeddings) {
        if (batch.rows() > capacity || embeddings.rows() != batch.rows()) {
            throw new IllegalArgumentException("Cannot embed %d %s into %d rows: there is room for %d"
                    .formatted(batch.rows(), what, embeddings.rows(), capacity));
        }
        return batch.rows();
    }

    private Matrix textInput(Parameters parameters, Batch batch, int rows) {
        Matrix from = batch.texts().rows(0, rows);
        if (spec.shape().textIsTokens()) {
            if (batch.tokens().rows() != rows) {
                throw new IllegalArgumentException("Cannot embed %d pairs with %d bags of tokens"
                        .formatted(rows, batch.tokens().rows()));
            }
            from = textInput.rows(0, rows);
            sums.forward(parameters.table(), batch.tokens(), from);
        }
        if (!dropping || !textDropout.active()) {
            return from;
        }
        Matrix to = textInput.rows(0, rows);
        textDropout.apply(seed, step, batch.ids(), from, to, rows);
        return to;
    }

    /**
     * Takes the gradient of the embeddings back to the parameters. Sums over the batch, no means.
     *
     * @param imageGradient n x d, with respect to the rows that the forward pass gave
     * @param textGradient n x d, likewise
     * @param denseGradient 1 x P, overwritten
     * @param tableGradient overwritten: the touched rows; none when texts are features
     */
    public void backward(
            Parameters parameters,
            Batch batch,
            Matrix imageGradient,
            Matrix textGradient,
            Matrix denseGradient,
            SparseRows tableGradient) {
        backwardImages(parameters, imageGradient, denseGradient);
        backwardTexts(parameters, batch, textGradient, denseGradient, tableGradient);
    }

    /** The images' part of {@link #backward}: writes their tower's range of {@code denseGradient}. */
    public void backwardImages(Parameters parameters, Matrix gradient, Matrix denseGradient) {
        Matrix delta = outputGradient.rows(0, imageOutput.rows());
        imageUnit.backward(imageOutput, gradient, delta);
        image.backward(parameters.image(), imageFed, delta, spec.layout().image(denseGradient));
    }

    /** The texts' part of {@link #backward}: writes their tower's range of {@code denseGradient}, and the table's gradient. */
    public void backwardTexts(
            Parameters parameters, Batch batch, Matrix gradient, Matrix denseGradient, SparseRows tableGradient) {
        Matrix delta = outputGradient.rows(0, textOutput.rows());
        textUnit.backward(textOutput, gradient, delta);
        text.backward(parameters.text(), textFed, delta, spec.layout().text(denseGradient));
        tableGradient.clear();
        if (spec.shape().textIsTokens()) {
            Matrix inputGradient = text.inputGradient();
            if (dropping && textDropout.active()) {
                textDropout.apply(seed, step, batch.ids(), inputGradient, inputGradient, batch.rows());
            }
            sums.backward(batch.tokens(), inputGradient, tableGradient);
        }
    }

    /** Bytes of native memory held: activations, their gradients, and what DL4J's graphs keep of parameters. */
    public long bytes() {
        long inputs = 4L * (imageInput.size() + textInput.size() + outputGradient.size());
        return inputs + image.bytes() + text.bytes() + sums.bytes();
    }

    @Override
    public void close() {
        image.close();
        text.close();
    }
}
