package siglip.job.losses;

import siglip.job.order.Slices;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;
import siglip.kernels.blas.Matrix;
import siglip.kernels.lines.LogSums;

/** The losses that need log-sum-exps: of rows, which are this rank's own, and of columns, of which each rank has a part. */
final class LogSumPasses implements TwoPasses {
    private final LossForm form;
    private final LossExchange.Blocks blocks;
    private final LogSums[] rows; // by lane
    private final LineMerge<LogSums> columns;

    /** @param width doubles to a row or column */
    LogSumPasses(LossForm form, int width, LossExchange.Blocks blocks) {
        this.form = form;
        this.blocks = blocks;
        Slices cut = blocks.lanes().cut(blocks.rows().size(blocks.node().rank()));
        rows = new LogSums[blocks.lanes().count()];
        for (int lane = 0; lane < rows.length; lane++) {
            rows[lane] = new LogSums(cut.size(lane), width);
        }
        columns = new LineMerge<>(blocks, blocks.rows(), count -> new LogSums(count, width));
    }

    @Override
    public void begin(LossStep step) {
        columns.begin(step.arm(), step.step());
        for (LogSums ofLane : rows) {
            ofLane.clear();
        }
    }

    @Override
    public void gather(int lane, PairBlock part, int firstText) {
        blocks.lanes().kernels(lane).softmax().accumulateLogSums(part, rows[lane], columns.part(lane), firstText);
    }

    /** The softmax's loss is known from the sums alone, once a row and a column. */
    @Override
    public void merge(LossStep step) {
        LogSums own = columns.run();
        double share = form.softmaxShare();
        if (share > 0) {
            double loss = 0;
            for (LogSums ofLane : rows) {
                loss += ofLane.loss();
            }
            step.sums().loss += share * (loss + own.loss());
        }
    }

    @Override
    public void accumulate(
            int lane, PairBlock part, int firstText, Matrix imageGradient, Matrix textGradient, LossSums sums) {
        LossKernels kernels = blocks.lanes().kernels(lane);
        if (form.loss() == Loss.SIGMOID_ADAPTIVE) {
            kernels.adaptive()
                    .accumulate(part, rows[lane], columns.whole(), firstText, imageGradient, textGradient, sums);
        } else {
            kernels.softmax()
                    .accumulateGradient(
                            part, rows[lane], columns.whole(), firstText, imageGradient, textGradient, sums);
        }
    }

    @Override
    public long bytes() {
        long own = 0;
        for (LogSums ofLane : rows) {
            own += ofLane.bytes();
        }
        return own + columns.bytes();
    }
}
