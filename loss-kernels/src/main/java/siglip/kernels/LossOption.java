package siglip.kernels;

import java.util.List;
import java.util.Locale;

/** A number that is fixed for a whole training and changes a loss. At its plain value the loss is what it is without the option. */
public enum LossOption {
    /** What loss and gradient of each positive pair are multiplied by: 1, up to N - 1 where positives are to weigh as much as negatives. */
    POSITIVE_WEIGHT(1, 1e-9, 1e9),
    /** How much of a hybrid is the softmax; the sigmoid is the rest. */
    SOFTMAX_SHARE(0.5, 0, 1),
    /** How much of a softmax's targets goes to all pairs of a row or column alike. */
    LABEL_SMOOTHING(0, 0, 1),
    /** Of the negatives of a global batch, the share that counts: each pair is drawn or not, anew in each step. */
    RANDOM_NEGATIVES(1, 0x1p-20, 1),
    /** The same, of those with the greatest similarities. */
    HARDEST_NEGATIVES(1, 0x1p-20, 1),
    /** The same, of those with the smallest. */
    EASIEST_NEGATIVES(1, 0x1p-20, 1),
    /** How much the variance of negative similarities counts beside the loss. */
    VRNS_WEIGHT(0, 0, 1e9),
    /** Not 0 where the loss is that of embeddings less the mean of the global batch, each side its own, scaled to length 1 again. */
    CENTRED(0, 0, 1) {
        @Override
        public boolean isFlag() {
            return true;
        }
    };

    /** Options that say which negatives count: a loss takes one of them at most. */
    public static final List<LossOption> CHOICES = List.of(RANDOM_NEGATIVES, HARDEST_NEGATIVES, EASIEST_NEGATIVES);

    private final double plain;
    private final double least;
    private final double most;

    LossOption(double plain, double least, double most) {
        this.plain = plain;
        this.least = least;
        this.most = most;
    }

    /** Its name in settings, on command lines and in reports: {@code positive-weight}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** Whether it is set or not set, 1 or 0, rather than a number. */
    public boolean isFlag() {
        return false;
    }

    /** The value that changes nothing. */
    public double plain() {
        return plain;
    }

    /** The smallest value that it takes. */
    public double least() {
        return least;
    }

    /** The largest value that it takes. */
    public double most() {
        return most;
    }
}
