package siglip.bench;

import java.util.Map;
import java.util.TreeMap;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.Numerics;
import siglip.kernels.PairBlock;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;
import siglip.kernels.lines.LogSums;
import siglip.kernels.lines.NegativeRange;
import siglip.kernels.lines.SimilarityHistogram;
import siglip.kernels.lines.SolvedBias;

/** Forward and all gradients of one loss over one batch, in one pass or two, on one thread. */
final class LossRun implements AutoCloseable {
    static final double SCALE = 10;
    static final double BIAS = -10;

    private final Batch batch;
    private final LossForm form;
    private final LossKernels kernels;
    private final PairBlock pairs;
    private final Matrix imageGradient;
    private final Matrix textGradient;
    private final LogSums rows;
    private final LogSums columns;
    private final SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
    private final SolvedBias solver = new SolvedBias();

    LossRun(Batch batch, LossForm form, String precision) {
        this.batch = batch;
        this.form = form;
        kernels = LossKernels.open(new Numerics("auto", precision, "auto", Numerics.AUTO.tile()));
        int n = batch.images.rows();
        double[] start = form.loss().scalars().stream()
                .mapToDouble(scalar -> switch (scalar) {
                    case LOG_SCALE -> Math.log(SCALE);
                    case BIAS -> BIAS;
                    case RELATIVE_BIAS -> -BIAS / SCALE;
                })
                .toArray();
        LossScalars scalars = LossScalars.of(form.loss(), start);
        pairs = new PairBlock(batch.images, batch.texts, PairLabels.diagonal(n), form, scalars);
        imageGradient = Matrix.allocate(n, Batch.DIM);
        textGradient = Matrix.allocate(n, Batch.DIM);
        int width = form.has(LossOption.LABEL_SMOOTHING) ? LogSums.FIELDS_WITH_MASKED : LogSums.FIELDS;
        rows = new LogSums(n, width);
        columns = new LogSums(n, width);
    }

    Numerics numerics() {
        return kernels.numerics();
    }

    LossSums run() {
        LossSums sums = new LossSums();
        imageGradient.clear();
        textGradient.clear();
        switch (form.loss()) {
            case SIGMOID, SIGMOID_RELATIVE, SIGMOID_SOLVED -> {
                PairBlock known = form.needsHistogram() ? firstPass() : pairs;
                kernels.sigmoid().accumulate(known, imageGradient, textGradient, sums);
            }
            case SIGMOID_ADAPTIVE -> {
                addLogSums();
                kernels.adaptive().accumulate(pairs, rows, columns, 0, imageGradient, textGradient, sums);
            }
            case SOFTMAX, HYBRID -> {
                addLogSums();
                kernels.softmax().accumulateGradient(pairs, rows, columns, 0, imageGradient, textGradient, sums);
                sums.loss += form.softmaxShare() * (rows.loss() + columns.loss());
            }
        }
        return sums;
    }

    /** The pairs with what the first pass has found. */
    private PairBlock firstPass() {
        histogram.clear();
        kernels.histogram().accumulate(pairs, histogram);
        if (form.loss() == Loss.SIGMOID_SOLVED) {
            double bias = solver.of(histogram, SCALE, BIAS);
            return pairs.with(pairs.scalars().with(LossScalar.BIAS, bias));
        }
        NegativeRange range = form.has(LossOption.HARDEST_NEGATIVES)
                ? NegativeRange.hardest(histogram, form.keptNegatives())
                : NegativeRange.easiest(histogram, form.keptNegatives());
        return pairs.with(pairs.batch().within(range.least(), range.limit()));
    }

    private void addLogSums() {
        rows.clear();
        columns.clear();
        kernels.softmax().accumulateLogSums(pairs, rows, columns, 0);
    }

    /** What both sides must agree on, divided by N as open_clip does. */
    Map<String, Double> numbers() {
        LossSums sums = run();
        double n = batch.images.rows();
        return new TreeMap<>(Map.of(
                "loss", sums.loss / n,
                "d_log_scale", sums.gradient(LossScalar.LOG_SCALE) / n,
                "d_bias", sums.gradient(LossScalar.BIAS) / n,
                "image_gradient_norm", norm(imageGradient) / n,
                "text_gradient_norm", norm(textGradient) / n));
    }

    private static double norm(Matrix matrix) {
        double squares = 0;
        for (float value : matrix.toArray()) {
            squares += (double) value * value;
        }
        return Math.sqrt(squares);
    }

    @Override
    public void close() {
        kernels.close();
    }
}
