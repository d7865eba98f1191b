package siglip.job.figures;

import siglip.job.stage.RankStep;
import siglip.job.training.StepRecord;

/** What a rank does in a step: first what it computes, then what it waits for. */
public enum Phase {
    BATCH("batch", "taking the batch; counted for the first arm of a step"),
    FORWARD("forward", "both towers, forward"),
    LOSS("loss", "products and element-wise part of the loss"),
    BACKWARD("backward", "both towers, backward"),
    HOPS("hops", "waiting for blocks of the neighbours"),
    REDUCE("reduce", "exchanging and adding gradient pieces"),
    DRIVER("driver", "waiting while the driver adds up, optimises and sends"),
    UPDATE("update", "the rest of the wait for new parameters");

    private final String key;
    private final String words;

    Phase(String key, String words) {
        this.key = key;
        this.words = words;
    }

    /** Its name in tables, in keys of {@code metrics.json} and in the page's style sheet. */
    public String key() {
        return key;
    }

    public String words() {
        return words;
    }

    /** Whether the rank computes nothing in it. */
    public boolean waiting() {
        return compareTo(HOPS) >= 0;
    }

    /** What one rank spent on it in one step. */
    double seconds(RankStep rank, StepRecord step) {
        return switch (this) {
            case BATCH -> rank.batchSeconds();
            case FORWARD -> rank.forwardSeconds();
            case LOSS -> rank.lossSeconds();
            case BACKWARD -> rank.backwardSeconds();
            case HOPS -> rank.hopSeconds();
            case REDUCE -> rank.reduceSeconds();
            case DRIVER -> driverSeconds(rank, step);
            case UPDATE -> rank.updateSeconds() - driverSeconds(rank, step);
        };
    }

    /** The driver's time lies in the ranks' wait for parameters, as far as that reaches. */
    private static double driverSeconds(RankStep rank, StepRecord step) {
        return Math.min(step.driverSeconds(), rank.updateSeconds());
    }
}
