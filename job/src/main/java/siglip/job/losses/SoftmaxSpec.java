package siglip.job.losses;

import java.nio.DoubleBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import siglip.job.order.Slices;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;
import siglip.kernels.lines.LogSums;

/** CLIP's loss and its kin: all texts are gathered, for one pass that sums rows and columns, and another for the gradient. */
record SoftmaxSpec(LossForm form) implements GatheringSpec {
    private static final int COLUMNS = 4096; // to measure on
    private static final LossWork FIRST_PASS = new LossWork(
            "softmax_logit_first_pass", LossBlock::pairs, block -> new Sums(LossForm.plain(Loss.SOFTMAX), block)::add);
    private static final Map<Loss, LossWork> SECOND_PASS = Stream.of(Loss.SOFTMAX, Loss.HYBRID, Loss.SIGMOID_ADAPTIVE)
            .collect(Collectors.toMap(loss -> loss, SoftmaxSpec::secondPass));

    private static LossWork secondPass(Loss loss) {
        return new LossWork(
                loss.name().toLowerCase(Locale.ROOT) + "_logit_second_pass",
                LossBlock::pairs,
                block -> new Sums(LossForm.plain(loss), block)::gradient);
    }

    private static final LossWork MERGED_COLUMN = new LossWork("merged_column", block -> COLUMNS, block -> {
        LogSums sums = new LogSums(COLUMNS);
        DoubleBuffer wire = DoubleBuffer.allocate(COLUMNS * LogSums.FIELDS);
        return () -> {
            sums.write(0, COLUMNS, wire.clear());
            sums.merge(0, wire.clear());
            sums.read(0, wire.clear());
        };
    });

    /** Both passes over a block to measure on. */
    private static final class Sums {
        private final LossForm form;
        private final LossBlock block;
        private final PairBlock pairs;
        private final LogSums rows;
        private final LogSums columns;

        Sums(LossForm form, LossBlock block) {
            this.form = form;
            this.block = block;
            double[] start =
                    form.loss().has(LossScalar.BIAS) ? new double[] {Math.log(10), -10} : new double[] {Math.log(10)};
            pairs = block.with(form, LossScalars.of(form.loss(), start));
            rows = new LogSums(block.images().rows());
            columns = new LogSums(block.texts().rows());
            add();
        }

        void add() {
            rows.clear();
            columns.clear();
            block.kernels().softmax().accumulateLogSums(pairs, rows, columns, 0);
        }

        void gradient() {
            LossSums sums = new LossSums();
            if (form.loss() == Loss.SIGMOID_ADAPTIVE) {
                block.kernels()
                        .adaptive()
                        .accumulate(pairs, rows, columns, 0, block.imageGradient(), block.textGradient(), sums);
            } else {
                block.kernels()
                        .softmax()
                        .accumulateGradient(pairs, rows, columns, 0, block.imageGradient(), block.textGradient(), sums);
            }
        }
    }

    /** Of the softmax the logarithm of the candidates of a row, where rows have as many: of their mean number where masking takes more from some. Smoothed targets change nothing. */
    @Override
    public OptionalDouble constantLoss(int rows, long positives, long negatives) {
        double share = form.softmaxShare();
        double softmax = Math.log(((double) positives + negatives) / rows);
        double sigmoid = SigmoidSpec.constantLoss(1, rows, positives, negatives);
        return OptionalDouble.of(share * softmax + (1 - share) * sigmoid);
    }

    @Override
    public double start(LossScalar scalar, Map<LossScalar, Double> before, int batchSize) {
        return scalar == LossScalar.BIAS
                ? SigmoidSpec.calibratedBias(1, batchSize)
                : GatheringSpec.super.start(scalar, before, batchSize);
    }

    @Override
    public TwoPasses passes(LossExchange.Blocks blocks) {
        return new LogSumPasses(form, lineWidth(), blocks);
    }

    @Override
    public String holds() {
        return "gathered texts, sums of columns";
    }

    @Override
    public Slices lines(LossShape shape) {
        return shape.rows();
    }

    @Override
    public int lineWidth() {
        return smooths() ? LogSums.FIELDS_WITH_MASKED : LogSums.FIELDS;
    }

    private boolean smooths() {
        return form.get(LossOption.LABEL_SMOOTHING) > 0;
    }

    /** Sums of rows. */
    @Override
    public long ownBytes(LossShape shape, int rank) {
        return (long) Double.BYTES * lineWidth() * shape.rows().size(rank);
    }

    @Override
    public Set<LossKernels.Memory> kernels() {
        if (form.loss() == Loss.SIGMOID_ADAPTIVE) {
            return Set.of(LossKernels.Memory.ADAPTIVE);
        }
        Set<LossKernels.Memory> used = EnumSet.of(LossKernels.Memory.SOFTMAX);
        if (form.softmaxShare() < 1) {
            used.add(LossKernels.Memory.HYBRID);
        }
        if (smooths()) {
            used.add(LossKernels.Memory.LABEL_SMOOTHING);
        }
        if (form.has(LossOption.VRNS_WEIGHT)) {
            used.add(LossKernels.Memory.VRNS);
        }
        return used;
    }

    /** In the form whose gradients are exact, it gathers both sides and reduces the gradients of both. */
    @Override
    public int openClipBlocks() {
        return 4;
    }

    @Override
    public LossWork firstPass() {
        return FIRST_PASS;
    }

    @Override
    public LossWork secondPass() {
        return SECOND_PASS.get(form.loss());
    }

    @Override
    public LossWork mergedLine() {
        return MERGED_COLUMN;
    }

    @Override
    public List<LossWork> work() {
        return List.of(FIRST_PASS, secondPass(), MERGED_COLUMN);
    }
}
