package siglip.job.study;

import java.util.Locale;
import siglip.job.files.Unit;

/** What a study compares. Each question has one primary figure, or a few that are named here; the others are shown and not tested. */
public enum StudyMetric {
    R1(
            Question.QUALITY,
            Unit.SHARE,
            "R@1",
            "share of queries whose right answer comes first, mean of both directions, on the first held-out set; of an arm that stopped, that of chance"),
    FAILED(
            Question.STABILITY,
            Unit.SHARE,
            "failed",
            "share of seeds with which the arm stopped, collapsed or ended at chance; compared by McNemar's exact test, which has no interval"),
    R1_SPREAD(
            Question.STABILITY,
            Unit.SHARE,
            "spread of R@1",
            "standard deviation of `r1` over seeds; compared as a ratio, by the test of Pitman and Morgan"),
    LOCAL_SPIKES(
            Question.STABILITY,
            Unit.NUMBER,
            "spikes in 1,000 steps",
            "local spikes of the gradient norm (`arms[].spikes.local_gradient_norm` of metrics.json) in 1,000 judged steps"),
    RATE_SENSITIVITY(
            Question.STABILITY,
            Unit.SHARE,
            "sensitivity to the rate",
            "with an axis over `training.learning-rate`: mean over rates of min(1 - `r1`, the same at the start), less the best (Wortsman et al. 2023)"),
    RATE_PLATEAU(
            Question.STABILITY,
            Unit.NUMBER,
            "plateau, decades",
            "with that axis: how many powers of ten the rates span around the best one that keep `r1` within 90 % of the best"),
    R1_OTHER(
            Question.NONE,
            Unit.SHARE,
            "R@1, second set",
            "the same as `r1` on the second held-out set, if there is one: unseen concepts"),
    INFONCE(
            Question.NONE,
            Unit.NUMBER,
            "InfoNCE, nats",
            "held-out InfoNCE with a fitted scale, in a unit that losses share; of an arm that stopped, that of the start"),
    RATE_SENSITIVITY_INFONCE(Question.NONE, Unit.NUMBER, "sensitivity, InfoNCE", "as `rate_sensitivity`, of `infonce`"),
    SECONDS_PER_STEP(Question.NONE, Unit.SECONDS, "time of a step", "median, in seconds");

    /** Tests of one question are a family. */
    public enum Question {
        QUALITY,
        STABILITY,
        /** Shown, and not tested. */
        NONE;

        /** In {@code study.json}, and in sentences. */
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Question question;
    private final Unit unit;
    private final String label;
    private final String words;

    StudyMetric(Question question, Unit unit, String label, String words) {
        this.question = question;
        this.unit = unit;
        this.label = label;
        this.words = words;
    }

    public Question question() {
        return question;
    }

    public Unit unit() {
        return unit;
    }

    /** For tables. */
    public String label() {
        return label;
    }

    /** For documents. */
    String words() {
        return words;
    }

    /** In {@code study.json}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
