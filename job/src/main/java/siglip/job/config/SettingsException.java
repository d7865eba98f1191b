package siglip.job.config;

import java.util.List;

/** Settings that cannot be used: all that is wrong with them, at once. */
public final class SettingsException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /** Why no address holds a login, and what to do instead. */
    public static final String LOGINS = "give user and password to Hadoop, as in spark.hadoop.fs.s3a.access.key"
            + " and spark.hadoop.fs.s3a.secret.key, or in the environment (docs/security.md)";

    private final List<String> errors;

    /** @param errors one line each, that begins with the place: file and line, or option; at least one */
    public SettingsException(List<String> errors) {
        super(
                errors.size() == 1
                        ? "Cannot use the settings: " + errors.get(0)
                        : "Cannot use the settings: %d errors, the first: %s".formatted(errors.size(), errors.get(0)));
        this.errors = List.copyOf(errors);
    }

    /** @param cause what found them, in words that say what would do */
    public SettingsException(IllegalArgumentException cause) {
        this(List.of(String.valueOf(cause.getMessage())));
        initCause(cause);
    }

    public List<String> errors() {
        return errors;
    }
}
