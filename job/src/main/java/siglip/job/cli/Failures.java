package siglip.job.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;
import siglip.job.config.SettingsException;
import siglip.job.failures.FirstLine;
import siglip.job.failures.RootCause;
import siglip.job.files.Redaction;

/** Tells on the error stream why the program ends, the cause in one line and last. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
    private String told = "done";

    /** The last line that was told, without the name of the program; {@code done} if there was no failure. */
    String told() {
        return told;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        ExitCode code = ExitCode.of(failure);
        if (WayOn.isStopping()) {
            return code.code(); // nobody wants to know what a signal broke
        }
        Throwable known = ExitCode.known(failure);
        PrintWriter err = Redaction.writer(command.getErr());
        if (known instanceof SettingsException settings && settings.errors().size() > 1) {
            settings.errors().forEach(err::println);
        }
        if (code == ExitCode.CLUSTER) {
            WayOn.told().ifPresent(way -> err.println("Once that is mended, " + way));
        }
        if (code == ExitCode.CRASH) {
            failure.printStackTrace(err);
            String log = System.getProperty("job.log");
            if (log != null) {
                err.println("The log is in " + log);
            }
        }
        String line = RootCause.line(known);
        tell(
                command,
                known instanceof OutOfMemoryError
                        ? "Not enough memory (%s): docs/memory.md says what a run takes and where to set it"
                                .formatted(line)
                        : line);
        return code.code();
    }

    @Override
    public int handleParseException(ParameterException failure, String[] args) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = Redaction.writer(command.getErr());
        if (failure instanceof NoCommandException) {
            command.usage(err);
        } else {
            err.println("Try '%s --help'".formatted(command.getCommandSpec().qualifiedName()));
        }
        tell(command, failure instanceof UnmatchedArgumentException unknown ? unknown(unknown) : FirstLine.of(failure));
        return ExitCode.USAGE.code();
    }

    /** What was not understood, with the command or option that looks most like it. */
    private static String unknown(UnmatchedArgumentException failure) {
        boolean command = !failure.getCommandLine().getSubcommands().isEmpty() && !failure.isUnknownOption();
        return (command
                        ? "Unknown command: '%s'"
                                .formatted(failure.getUnmatched().get(0))
                        : FirstLine.of(failure))
                + failure.getSuggestions().stream()
                        .findFirst()
                        .map(" (did you mean %s?)"::formatted)
                        .orElse("");
    }

    private void tell(CommandLine command, String line) {
        told = Redaction.of(line);
        command.getErr().println(command.getCommandSpec().root().name() + ": " + told);
        command.getErr().flush();
    }
}
