package siglip.kernels;

import java.util.Locale;
import java.util.Optional;

/** A number that a loss learns beside the embeddings. What is learned and what people are shown may differ. */
public enum LossScalar {
    /** t' in the paper: learned is the logarithm of the logit scale, shown is the scale. It stays from 0 to the logarithm of the largest scale. */
    LOG_SCALE("scale", "Logit scale t", "factor", "What similarities are multiplied by") {
        @Override
        public double shown(double learned) {
            return Math.exp(learned);
        }

        @Override
        public double learned(double shown) {
            return Math.log(shown);
        }

        @Override
        public double least() {
            return 0;
        }

        @Override
        public double most(double maxScale) {
            return Math.log(maxScale);
        }

        @Override
        public Optional<String> limit() {
            return Optional.of("max-scale");
        }
    },
    /** b in the paper, added to every scaled similarity. */
    BIAS("bias", "Bias b", "logit", "Added to each logit") {
        @Override
        public String ofLogits() {
            return "b included.";
        }
    },
    /** b_rel of 2509.18552, taken from every similarity before that is scaled: where positives end and negatives begin. */
    RELATIVE_BIAS("relative-bias", "Relative bias", "similarity", "Taken from each similarity") {
        @Override
        public String ofLogits() {
            return "The relative bias included.";
        }
    };

    private final String shownName;
    private final String title;
    private final String unit;
    private final String meaning;

    LossScalar(String shownName, String title, String unit, String meaning) {
        this.shownName = shownName;
        this.title = title;
        this.unit = unit;
        this.meaning = meaning;
    }

    /** Its name in files: {@code log_scale}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The name of what people are shown: {@code scale}. */
    public String shownName() {
        return shownName;
    }

    /** For headings: {@code Logit scale t}. */
    public String title() {
        return title;
    }

    /** Of the value that is shown. */
    public String unit() {
        return unit;
    }

    /** What it does, as the beginning of a sentence. */
    public String meaning() {
        return meaning;
    }

    /** What must be said of it where logits are shown; may be empty. */
    public String ofLogits() {
        return "";
    }

    /** What people are shown of a learned value. */
    public double shown(double learned) {
        return learned;
    }

    /** What is learned, given the value that people are shown. */
    public double learned(double shown) {
        return shown;
    }

    /** The lower end of the range in which the learned value stays. */
    public double least() {
        return Double.NEGATIVE_INFINITY;
    }

    /**
     * The upper end of the range in which the learned value stays.
     *
     * @param maxScale largest logit scale
     */
    public double most(double maxScale) {
        return Double.POSITIVE_INFINITY;
    }

    /** The setting of losses that the upper end of its range is made of; empty if that is the same for every run. */
    public Optional<String> limit() {
        return Optional.empty();
    }
}
