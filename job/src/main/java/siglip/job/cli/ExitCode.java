package siglip.job.cli;

import org.apache.spark.sql.AnalysisException;
import picocli.CommandLine.ParameterException;
import siglip.job.config.SettingsException;
import siglip.job.formats.DataException;
import siglip.job.stage.SlotsException;

/** How the program ends. */
enum ExitCode {
    OK(0, "done"),
    CRASH(1, "failed: see the stack trace and the log"),
    USAGE(2, "the command line or the settings cannot be used"),
    DATA(3, "the data cannot be used"),
    CLUSTER(4, "the cluster does not provide what the run needs");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    int code() {
        return code;
    }

    String meaning() {
        return meaning;
    }

    /** By the first known kind among a failure and its causes: Spark wraps what a task threw. */
    static ExitCode of(Throwable failure) {
        Throwable known = known(failure);
        if (known instanceof SettingsException || known instanceof ParameterException) {
            return USAGE;
        }
        if (known instanceof SlotsException) {
            return CLUSTER;
        }
        return known instanceof DataException || known instanceof AnalysisException ? DATA : CRASH;
    }

    /** The first of a failure and its causes that has an exit code of its own; the failure itself if none has. */
    static Throwable known(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SettingsException
                    || cause instanceof ParameterException
                    || cause instanceof SlotsException
                    || cause instanceof DataException
                    || cause instanceof AnalysisException) {
                return cause;
            }
        }
        return failure;
    }
}
