package siglip.bench;

import java.util.Map;
import java.util.TreeMap;
import siglip.kernels.LogSums;
import siglip.kernels.Loss;
import siglip.kernels.LossKernels;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.Numerics;
import siglip.kernels.PairBlock;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;

/** Forward and all gradients of one loss over one batch, on one thread. */
final class LossRun implements AutoCloseable {
    static final double SCALE = 10;
    static final double BIAS = -10;

    private final Batch batch;
    private final boolean softmax;
    private final LossKernels kernels;
    private final PairBlock pairs;
    private final Matrix imageGradient;
    private final Matrix textGradient;
    private final LogSums rows;
    private final LogSums columns;

    LossRun(Batch batch, String loss, String precision) {
        this.batch = batch;
        softmax = loss.equals("softmax");
        kernels = LossKernels.open(new Numerics("auto", precision, "auto", Numerics.AUTO.tile()));
        int n = batch.images.rows();
        LossScalars scalars = softmax
                ? LossScalars.of(Loss.SOFTMAX, Math.log(SCALE))
                : LossScalars.of(Loss.SIGMOID, Math.log(SCALE), BIAS);
        pairs = new PairBlock(batch.images, batch.texts, PairLabels.diagonal(n), scalars);
        imageGradient = Matrix.allocate(n, Batch.DIM);
        textGradient = Matrix.allocate(n, Batch.DIM);
        rows = new LogSums(softmax ? n : 0);
        columns = new LogSums(softmax ? n : 0);
    }

    Numerics numerics() {
        return kernels.numerics();
    }

    LossSums run() {
        LossSums sums = new LossSums();
        imageGradient.clear();
        textGradient.clear();
        if (softmax) {
            rows.clear();
            columns.clear();
            kernels.softmax().accumulateLogSums(pairs, rows, columns, 0);
            kernels.softmax().accumulateGradient(pairs, rows, columns, 0, imageGradient, textGradient, sums);
            sums.loss += rows.loss() + columns.loss();
        } else {
            kernels.sigmoid().accumulate(pairs, imageGradient, textGradient, sums);
        }
        return sums;
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
