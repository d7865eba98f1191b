package siglip.job.study;

import java.util.Locale;

/** What is said of the first of two arms beside the second. */
public enum StudyVerdict {
    HIGHER("higher"),
    LOWER("lower"),
    /** Which is not to say that there is none. */
    NO_DIFFERENCE("no difference was found"),
    /** Closer than the margin that was stated before. */
    EQUAL("equal within the margin"),
    NOT_TESTED("");

    private final String words;

    StudyVerdict(String words) {
        this.words = words;
    }

    /** Empty where nothing is said. */
    public String words() {
        return words;
    }

    /** In {@code study.json}. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
