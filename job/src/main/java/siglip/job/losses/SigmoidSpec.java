package siglip.job.losses;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import siglip.kernels.Footprint;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;

/** SigLIP's loss: one pass over each block of texts as it comes by. */
record SigmoidSpec(LossForm form) implements LossSpec {
    private static final LossScalars START = LossScalars.of(Loss.SIGMOID, Math.log(10), -10);
    static final LossWork LOGIT = new LossWork("sigmoid_logit", LossBlock::pairs, block -> {
        PairBlock pairs = block.with(LossForm.plain(Loss.SIGMOID), START);
        return () -> block.kernels()
                .sigmoid()
                .accumulate(pairs, block.imageGradient(), block.textGradient(), new LossSums());
    });

    /**
     * The calibrated bias -log(N - 1), at which the negatives' share of the gradient is that of the positives, with as many of the N - 1 as count; the relative bias that
     * makes this one at the scale of the start.
     */
    @Override
    public double start(LossScalar scalar, Map<LossScalar, Double> before, int batchSize) {
        return switch (scalar) {
            case BIAS -> calibratedBias(form.keptNegatives(), batchSize);
            case RELATIVE_BIAS -> -calibratedBias(form.keptNegatives(), batchSize) / before.get(LossScalar.LOG_SCALE);
            default -> LossSpec.super.start(scalar, before, batchSize);
        };
    }

    /** @param share of the negatives, which counts */
    static double calibratedBias(double share, int batchSize) {
        return -Math.log(share * Math.max(1, batchSize - 1));
    }

    /** At the logit whose sigmoid is the positives' share of the weight: each pair then costs minus the logarithm of the share of its kind. */
    @Override
    public OptionalDouble constantLoss(int rows, long positives, long negatives) {
        return OptionalDouble.of(constantLoss(form.get(LossOption.POSITIVE_WEIGHT), rows, positives, negatives));
    }

    static double constantLoss(double positiveWeight, int rows, long positives, long negatives) {
        double weight = positiveWeight * positives;
        double all = weight + negatives;
        double ofPositives = weight == 0 ? 0 : weight * Math.log(all / weight);
        double ofNegatives = negatives == 0 ? 0 : negatives * Math.log(all / negatives);
        return (ofPositives + ofNegatives) / rows;
    }

    @Override
    public LossExchange exchange(LossExchange.Blocks blocks) {
        return new SigmoidExchange(blocks);
    }

    @Override
    public String holds() {
        return "blocks on the ring";
    }

    @Override
    public Footprint memory(LossShape shape, int rank) {
        long texts = Math.min(SigmoidExchange.TEXT_PLACES, shape.ranks() - 1) * shape.textBytes();
        return new Footprint(texts + shape.gradientBytes(), 0);
    }

    @Override
    public long ringBytes(LossShape shape, int rank) {
        return shape.roundBytes(rank);
    }

    @Override
    public Set<LossKernels.Memory> kernels() {
        Set<LossKernels.Memory> used = EnumSet.noneOf(LossKernels.Memory.class);
        if (form.has(LossOption.RANDOM_NEGATIVES)) {
            used.add(LossKernels.Memory.RANDOM_NEGATIVES);
        }
        if (form.has(LossOption.VRNS_WEIGHT)) {
            used.add(LossKernels.Memory.VRNS);
        }
        return used;
    }

    /** It passes the texts round a ring, and their gradients back. */
    @Override
    public int openClipBlocks() {
        return 2;
    }

    @Override
    public List<LossWork> work() {
        return List.of(LOGIT);
    }

    @Override
    public LossTime time(LossPace pace) {
        double block = pace.pass(LOGIT) + pace.lanesAdded() + pace.taken(2, 4 * (2 * pace.block() + pace.pairs()));
        double computing = pace.shape().ranks() * block;
        return LossTime.of(computing, pace.timeline().passing(block, pace.meanwhile()), pace.meanwhile());
    }
}
