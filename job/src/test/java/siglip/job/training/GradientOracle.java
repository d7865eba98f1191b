package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeSet;
import java.util.stream.IntStream;
import siglip.job.batches.Batch;
import siglip.job.optimizer.Gradient;
import siglip.job.towers.BoundedRows;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.job.towers.ReferenceTowers;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.GlobalBatch;
import siglip.kernels.LogitParams;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;
import siglip.kernels.PairLabels;
import siglip.kernels.ReferenceBounds;
import siglip.kernels.ReferenceLoss;

/**
 * One step of one arm on the whole global batch, in one place and in double: the mean loss, its gradient, and how far any way of
 * computing them in float, cut among any number of ranks, may be off.
 *
 * <p>The bounds follow the computation. Forward: each entry of an embedding is off by at most what {@link ReferenceTowers} says.
 * Loss: {@link ReferenceBounds} takes these errors in; they move a logit, and softplus, sigmoid and softmax change by at most the
 * factor {@code exp(d)} when logits move by d. Backward: {@link ReferenceTowers} takes in the gradients of the embeddings with their
 * bounds. Sums over pairs are bounded for any order of addition, so the order in which ranks add up needs nothing more. Last, the
 * driver multiplies by the float 1/N: two roundings.
 *
 * @param kind of the loss
 * @param pairs N
 * @param reference the loss
 * @param bounds of the loss
 * @param gradient of the towers and the table, of the sum over pairs
 * @param touched rows of the table that the batch names
 */
record GradientOracle(
        Loss kind,
        int pairs,
        ReferenceLoss reference,
        ReferenceBounds bounds,
        ReferenceTowers.Gradient gradient,
        TreeSet<Integer> touched) {

    /** @param ranks into how many slices the batch is cut by what is to be tested */
    static GradientOracle of(
            ModelSpec model,
            LossForm form,
            DuplicatePolicy duplicates,
            Parameters parameters,
            LogitParams logits,
            Batch whole,
            long seed,
            long step,
            int tile,
            int ranks) {
        ReferenceTowers towers = ReferenceTowers.forward(model, parameters, whole, seed, step);
        BoundedRows images = towers.images();
        BoundedRows texts = towers.texts();
        PairLabels labels = new PairLabels(0, 0, whole.conceptIds(), whole.conceptIds(), duplicates);
        GlobalBatch batch = GlobalBatch.of(whole.rows(), seed, step);
        ReferenceLoss loss = ReferenceLoss.of(form, images.value(), texts.value(), labels, logits, batch);
        ReferenceBounds bounds = loss.bounds(tile, ranks, images.error(), texts.error());
        ReferenceTowers.Gradient gradient = towers.backward(
                new BoundedRows(loss.imageGradient(), bounds.imageGradient()),
                new BoundedRows(loss.textGradient(), bounds.textGradient()));
        TreeSet<Integer> touched = new TreeSet<>();
        for (int at = 0; at < whole.tokens().end(whole.rows() - 1); at++) {
            touched.add(whole.tokens().tokens()[at]);
        }
        return new GradientOracle(form.loss(), whole.rows(), loss, bounds, gradient, touched);
    }

    /** The loss, and every part of the gradient, of a step. */
    void check(String what, double loss, Gradient actual) {
        close(what + ", loss", loss, reference.loss(), bounds.loss());
        close(what + ", d t'", actual.scalars[0], reference.logScaleGradient(), bounds.logScaleGradient());
        if (actual.scalars.length > 1) {
            boolean relative = kind.has(LossScalar.RELATIVE_BIAS);
            close(
                    what + ", d b",
                    actual.scalars[1],
                    relative ? reference.relativeBiasGradient() : reference.biasGradient(),
                    relative ? bounds.relativeBiasGradient() : bounds.biasGradient());
        }
        BoundedRows dense = gradient.dense();
        for (int i = 0; i < actual.dense.length; i++) {
            close(what + ", parameter " + i, actual.dense[i], dense.value()[0][i], dense.error()[0][i]);
        }
        assertThat(IntStream.range(0, actual.rows).mapToObj(i -> actual.ids[i]))
                .as("%s, touched rows, ascending", what)
                .containsExactlyElementsOf(touched);
        BoundedRows table = gradient.table();
        for (int i = 0; i < actual.rows; i++) {
            int id = actual.ids[i];
            int width = table.value()[id].length;
            for (int k = 0; k < width; k++) {
                close(
                        what + ", table row " + id + ", " + k,
                        actual.values[i * width + k],
                        table.value()[id][k],
                        table.error()[id][k]);
            }
        }
    }

    /** A mean against the sum it comes from. */
    private void close(String what, double actual, double sum, double error) {
        double roundings = 2.1 * BoundedRows.U * (Math.abs(sum) + error);
        assertThat(Math.abs(actual - sum / pairs))
                .as("%s is %s, not %s", what, actual, sum / pairs)
                .isLessThanOrEqualTo((error + roundings) / pairs + Float.MIN_NORMAL);
    }
}
