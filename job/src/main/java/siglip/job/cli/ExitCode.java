package siglip.job.cli;

import org.apache.spark.sql.AnalysisException;
import picocli.CommandLine.ParameterException;
import siglip.job.config.SettingsException;
import siglip.job.files.WriteException;
import siglip.job.formats.DataException;
import siglip.job.stage.Attempt.AttemptException;
import siglip.job.stage.SlotsException;
import siglip.job.stage.TrainingException;

/** How the program ends. */
enum ExitCode {
    OK(0, "done"),
    CRASH(1, "failed: see the stack trace and the log"),
    USAGE(2, "the command line or the settings cannot be used"),
    DATA(3, "the data cannot be used"),
    CLUSTER(4, "the cluster, a disk or the memory does not provide what the run needs"),
    NO_RESULT(5, "no arm finished its training: loss or gradient were no numbers");

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
        return ofKind(known(failure));
    }

    /** The first of a failure and its causes that has an exit code of its own; the failure itself if none has. */
    static Throwable known(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (ofKind(cause) != CRASH) {
                return cause;
            }
        }
        return failure;
    }

    private static ExitCode ofKind(Throwable failure) {
        if (failure instanceof SettingsException || failure instanceof ParameterException) {
            return USAGE;
        }
        if (failure instanceof SlotsException
                || failure instanceof WriteException
                || failure instanceof OutOfMemoryError
                || (failure instanceof TrainingException && isLate(failure.getCause()))
                || WriteException.isOfFullDisk(failure)) {
            return CLUSTER;
        }
        if (failure instanceof NoResultException) {
            return NO_RESULT;
        }
        return failure instanceof DataException || failure instanceof AnalysisException ? DATA : CRASH;
    }

    private static boolean isLate(Throwable cause) {
        return cause instanceof AttemptException attempt && attempt.isLate();
    }
}
