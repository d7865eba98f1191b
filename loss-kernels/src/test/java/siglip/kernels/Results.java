package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.lines.LogSums;
import siglip.kernels.lines.NegativeRange;
import siglip.kernels.lines.SimilarityHistogram;
import siglip.kernels.lines.SolvedBias;

/** What a loss returned for a whole batch, computed in slices as the ranks of a ring would, and how it compares with the reference. */
final class Results {
    final LossSums sums = new LossSums();
    final Matrix imageGradient;
    final Matrix textGradient;

    private Results(Matrix images, Matrix texts) {
        imageGradient = Matrix.allocate(images.rows(), images.columns());
        textGradient = Matrix.allocate(texts.rows(), texts.columns());
    }

    private static int start(int n, int slice, int slices) {
        return (int) ((long) slice * n / slices);
    }

    private static PairLabels slice(PairLabels batch, int firstImage, int endImage, int firstText, int endText) {
        return new PairLabels(
                batch.firstImage() + firstImage,
                batch.firstText() + firstText,
                Arrays.copyOfRange(batch.imageConcepts(), firstImage, endImage),
                Arrays.copyOfRange(batch.textConcepts(), firstText, endText),
                batch.duplicates());
    }

    static Results sigmoid(
            SigmoidLoss loss, Matrix images, Matrix texts, PairLabels labels, LogitParams params, int slices) {
        return sigmoid(loss, LossForm.plain(Loss.SIGMOID), images, texts, labels, params, slices);
    }

    static Results sigmoid(
            SigmoidLoss loss,
            LossForm form,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        return sigmoid(loss, form, images, texts, labels, params, slices, GlobalBatch.of(images.rows(), 0, 0));
    }

    /** The sigmoid loss of the hardest or the easiest negatives, which a first pass over all slices has found. */
    static Results ofRange(
            HistogramPass pass,
            SigmoidLoss loss,
            LossForm form,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        SimilarityHistogram histogram = histogram(pass, images, texts, labels, params, slices);
        NegativeRange range = form.has(LossOption.HARDEST_NEGATIVES)
                ? NegativeRange.hardest(histogram, form.keptNegatives())
                : NegativeRange.easiest(histogram, form.keptNegatives());
        GlobalBatch batch = GlobalBatch.of(images.rows(), 0, 0).within(range.least(), range.limit());
        return sigmoid(loss, form, images, texts, labels, params, slices, batch);
    }

    private static Results sigmoid(
            SigmoidLoss loss,
            LossForm form,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices,
            GlobalBatch batch) {
        Results results = new Results(images, texts);
        boolean relative = form.loss().has(LossScalar.RELATIVE_BIAS);
        LossScalars scalars = LossScalars.of(
                form.loss(), params.logScale(), relative ? -params.bias() / params.scale() : params.bias());
        for (int r = 0; r < slices; r++) {
            for (int hop = 0; hop < slices; hop++) {
                int c = (r + hop) % slices;
                int i = start(images.rows(), r, slices);
                int m = start(images.rows(), r + 1, slices) - i;
                int j = start(texts.rows(), c, slices);
                int n = start(texts.rows(), c + 1, slices) - j;
                loss.accumulate(
                        new PairBlock(
                                images.rows(i, m),
                                texts.rows(j, n),
                                slice(labels, i, i + m, j, j + n),
                                form,
                                scalars,
                                batch),
                        results.imageGradient.rows(i, m),
                        results.textGradient.rows(j, n),
                        results.sums);
            }
        }
        return results;
    }

    /** The sigmoid loss with the bias that a first pass over all slices has found. */
    static Results solved(
            HistogramPass pass,
            SigmoidLoss loss,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        SimilarityHistogram histogram = histogram(pass, images, texts, labels, params, slices);
        double bias = new SolvedBias().of(histogram, params.scale(), params.bias());
        LossForm form = LossForm.plain(Loss.SIGMOID_SOLVED);
        return sigmoid(loss, form, images, texts, labels, new LogitParams(params.logScale(), bias), slices);
    }

    private static SimilarityHistogram histogram(
            HistogramPass pass, Matrix images, Matrix texts, PairLabels labels, LogitParams params, int slices) {
        LossScalars scalars = LossScalars.of(Loss.SIGMOID_SOLVED, params.logScale(), params.bias());
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        for (int r = 0; r < slices; r++) {
            int i = start(images.rows(), r, slices);
            int m = start(images.rows(), r + 1, slices) - i;
            SimilarityHistogram share = new SimilarityHistogram(SimilarityHistogram.LINES);
            for (int c = 0; c < slices; c++) {
                int j = start(texts.rows(), c, slices);
                int n = start(texts.rows(), c + 1, slices) - j;
                pass.accumulate(
                        new PairBlock(images.rows(i, m), texts.rows(j, n), slice(labels, i, i + m, j, j + n), scalars),
                        share);
            }
            DoubleBuffer wire = DoubleBuffer.allocate(share.lines() * share.width());
            share.write(0, share.lines(), wire);
            histogram.merge(0, wire.flip());
        }
        return histogram;
    }

    static Results softmax(
            SoftmaxLoss loss, Matrix images, Matrix texts, PairLabels labels, LogitParams params, int slices) {
        return softmax(loss, LossForm.plain(Loss.SOFTMAX), images, texts, labels, params, slices);
    }

    static Results softmax(
            SoftmaxLoss loss,
            LossForm form,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        return logSums(loss, loss::accumulateGradient, form, images, texts, labels, params, slices);
    }

    static Results adaptive(
            SoftmaxLoss first,
            AdaptiveSigmoidLoss loss,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        LossForm form = LossForm.plain(Loss.SIGMOID_ADAPTIVE);
        return logSums(first, loss::accumulate, form, images, texts, labels, params, slices);
    }

    private interface SecondPass {
        void accumulate(
                PairBlock pairs,
                LogSums rows,
                LogSums columns,
                int firstColumn,
                Matrix imageGradient,
                Matrix textGradient,
                LossSums sums);
    }

    private static Results logSums(
            SoftmaxLoss loss,
            SecondPass second,
            LossForm form,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        Results results = new Results(images, texts);
        double counts = form.softmaxShare();
        LossScalars scalars = form.loss().has(LossScalar.BIAS)
                ? LossScalars.of(form.loss(), params.logScale(), params.bias())
                : LossScalars.of(form.loss(), params.logScale());
        int width = form.get(LossOption.LABEL_SMOOTHING) > 0 ? LogSums.FIELDS_WITH_MASKED : LogSums.FIELDS;
        LogSums columns = new LogSums(texts.rows(), width);
        LogSums[] rows = new LogSums[slices];
        for (int r = 0; r < slices; r++) {
            int i = start(images.rows(), r, slices);
            int m = start(images.rows(), r + 1, slices) - i;
            rows[r] = new LogSums(m, width);
            LogSums share = new LogSums(texts.rows(), width);
            for (int hop = 0; hop < slices; hop++) {
                int c = (r + hop) % slices;
                int j = start(texts.rows(), c, slices);
                int n = start(texts.rows(), c + 1, slices) - j;
                loss.accumulateLogSums(
                        new PairBlock(
                                images.rows(i, m), texts.rows(j, n), slice(labels, i, i + m, j, j + n), form, scalars),
                        rows[r],
                        share,
                        j);
            }
            DoubleBuffer wire = DoubleBuffer.allocate(texts.rows() * width);
            share.write(0, texts.rows(), wire);
            columns.merge(0, wire.flip());
            results.sums.loss += counts * rows[r].loss();
        }
        results.sums.loss += counts * columns.loss();
        for (int r = 0; r < slices; r++) {
            int i = start(images.rows(), r, slices);
            int m = start(images.rows(), r + 1, slices) - i;
            for (int c = 0; c < slices; c++) {
                int j = start(texts.rows(), c, slices);
                int n = start(texts.rows(), c + 1, slices) - j;
                second.accumulate(
                        new PairBlock(
                                images.rows(i, m),
                                texts.rows(j, n),
                                slice(labels, i, i + m, j, j + n),
                                form,
                                scalars,
                                GlobalBatch.of(images.rows(), 0, 0)),
                        rows[r],
                        columns,
                        j,
                        results.imageGradient.rows(i, m),
                        results.textGradient.rows(j, n),
                        results.sums);
            }
        }
        return results;
    }

    /** Fails unless everything is within the reference's bounds. */
    void assertClose(ReferenceLoss expected, int tile, int slices, String what) {
        assertClose(expected, expected.bounds(tile, slices), what);
    }

    void assertClose(ReferenceLoss expected, ReferenceBounds bounds, String what) {
        assertThat(sums.loss).as("loss, %s", what).isCloseTo(expected.loss(), within(bounds.loss()));
        if (expected.isRelative()) {
            assertThat(sums.gradient(LossScalar.RELATIVE_BIAS))
                    .as("relative bias gradient, %s", what)
                    .isCloseTo(expected.relativeBiasGradient(), within(bounds.relativeBiasGradient()));
        } else {
            assertThat(sums.gradient(LossScalar.BIAS))
                    .as("bias gradient, %s", what)
                    .isCloseTo(expected.biasGradient(), within(bounds.biasGradient()));
        }
        assertThat(sums.gradient(LossScalar.LOG_SCALE))
                .as("log scale gradient, %s", what)
                .isCloseTo(expected.logScaleGradient(), within(bounds.logScaleGradient()));
        assertClose(imageGradient, expected.imageGradient(), bounds.imageGradient(), "image gradient, " + what);
        assertClose(textGradient, expected.textGradient(), bounds.textGradient(), "text gradient, " + what);
    }

    private static void assertClose(Matrix actual, double[][] expected, double[][] bounds, String what) {
        for (int i = 0; i < expected.length; i++) {
            for (int k = 0; k < expected[i].length; k++) {
                if (!(Math.abs(actual.get(i, k) - expected[i][k]) <= bounds[i][k])) { // a quicker first look
                    assertThat((double) actual.get(i, k))
                            .as("%s, row %d, column %d", what, i, k)
                            .isCloseTo(expected[i][k], within(bounds[i][k]));
                }
            }
        }
    }
}
