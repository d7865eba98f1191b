package siglip.job.cli;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;
import siglip.job.config.SettingsException;
import siglip.job.failures.FirstLine;
import siglip.job.files.Redaction;

/** The program. Exit codes: see {@link ExitCode}. */
@Command(
        name = "siglip",
        description =
                "Trains image-text models on Apache Spark with the SigLIP sigmoid loss and compares it with CLIP's softmax loss.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        scope = CommandLine.ScopeType.INHERIT,
        versionProvider = Version.class,
        exitCodeListHeading = "%nExit codes:%n",
        subcommands = {
            CompareCommand.class,
            CompletionCommand.class,
            ExportCommand.class,
            LossCommand.class,
            PlanCommand.class,
            PrepareCommand.class,
            StabilityCommand.class,
            StudyCommand.class,
            ValidateCommand.class
        })
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        Sessions.unpackWithoutLinks();
        Optional<ResultFile> result = ResultFile.named(args);
        Optional<String> refusal = result.flatMap(Main::refusal);
        if (refusal.isPresent()) {
            String told = "%s: cannot write a result to %s: %s"
                    .formatted(ResultFile.OPTION, Redaction.of(result.get().path()), Redaction.of(refusal.get()));
            System.err.println("%s: %s".formatted(Platform.program(), told));
            DriverFailure.end(ExitCode.USAGE.code(), told);
        }
        WayOn.watch();
        Failures failures = new Failures();
        int code = commandLine(failures).execute(args);
        if (WayOn.isStopping()) {
            DriverFailure.endStopped();
            return; // the exit code is that of the signal
        }
        WayOn.done();
        String told = failures.told();
        if (result.isPresent()) {
            int written = write(result.get(), code, told);
            told = written == code
                    ? told
                    : "cannot write the result to " + Redaction.of(result.get().path());
            code = written;
        }
        if (code != 0) {
            DriverFailure.end(code, told);
        } else if (local()) {
            System.exit(code);
        }
    }

    /** Why no result can be written there; that of an earlier attempt is gone otherwise. */
    private static Optional<String> refusal(ResultFile file) {
        Map<String, String> properties = SettingsOptions.properties();
        Optional<String> refusal = file.refusal(properties);
        if (refusal.isEmpty()) {
            try {
                file.forget(properties);
            } catch (IOException | RuntimeException e) {
                return Optional.of(FirstLine.of(e));
            }
        }
        return refusal;
    }

    /**
     * Whether tasks ran in this process: then Spark's timer of barrier stages keeps it alive. Elsewhere success is left to the
     * end of main, since an explicit exit looks like a failure to YARN.
     */
    private static boolean local() {
        return System.getProperty("spark.master", "local").startsWith("local");
    }

    /** @return the exit code or, if who waits for it cannot be told, that of the reason */
    static int write(ResultFile file, int code, String message) {
        try {
            file.write(SettingsOptions.properties(), code, message);
            return code;
        } catch (IOException | RuntimeException e) {
            System.err.println("%s: cannot write the result %d (%s) to %s: %s"
                    .formatted(
                            Platform.program(),
                            code,
                            message,
                            Redaction.of(file.path()),
                            Redaction.of(FirstLine.of(e))));
            return code == 0 ? ExitCode.of(e).code() : code;
        }
    }

    /** All commands, writing to the process' own streams. */
    static CommandLine commandLine(Failures failures) {
        CommandLine line = new CommandLine(new Main())
                .setCommandName(Platform.program())
                .setExecutionStrategy(Main::execute)
                .setExecutionExceptionHandler(failures)
                .setParameterExceptionHandler(failures);
        line.getCommandSpec()
                .addOption(everywhere(
                        ResultFile.OPTION,
                        "FILE",
                        "Writes exit code and message to this file at the end, as JSON; a path on any Hadoop"
                                + " file system. For drivers whose exit code is not visible."))
                .addOption(everywhere(
                        ResultFile.ID,
                        "ID",
                        "Goes into that file: tells this run's from one that lies there already."));
        line.getCommandSpec().usageMessage().footer("%nTo begin:%n  ${COMMAND-NAME} compare");
        Map<String, String> codes = new LinkedHashMap<>();
        for (ExitCode code : ExitCode.values()) {
            codes.put(Integer.toString(code.code()), code.meaning());
        }
        codes.put("130, 143", "stopped by Ctrl-C, or by a signal to end");
        listExitCodes(line, codes);
        return line;
    }

    /** An option of all commands, which {@link ResultFile} reads from the command line. */
    private static OptionSpec everywhere(String name, String label, String description) {
        return OptionSpec.builder(name)
                .type(String.class)
                .paramLabel(label)
                .scopeType(CommandLine.ScopeType.INHERIT)
                .description(description)
                .build();
    }

    /** Subcommands inherit the heading of the list, and not the list. */
    private static void listExitCodes(CommandLine line, Map<String, String> codes) {
        line.getCommandSpec().usageMessage().exitCodeList(codes);
        line.getSubcommands().values().forEach(command -> listExitCodes(command, codes));
    }

    /** Errors, such as a library that cannot be loaded, end the program as exceptions do: other threads must not keep it alive. */
    private static int execute(ParseResult parsed) {
        WayOn.forget();
        CommandLine root = parsed.commandSpec().commandLine();
        root.setOut(Redaction.writer(root.getOut()));
        try {
            refuseLogins(parsed);
            Integer help = CommandLine.executeHelpRequest(parsed);
            if (help != null) {
                return help;
            }
            CommandSpec last = last(parsed).commandSpec();
            if (!last.subcommands().isEmpty()) {
                throw new NoCommandException(last.commandLine());
            }
            return new CommandLine.RunLast().execute(parsed);
        } catch (Error e) {
            throw new CommandLine.ExecutionException(parsed.commandSpec().commandLine(), e.toString(), e);
        }
    }

    /** Other users of the machine see a command line, and Spark's pages show that of a driver. */
    private static void refuseLogins(ParseResult parsed) {
        parsed.originalArgs().stream().filter(Redaction::isNeeded).findFirst().ifPresent(argument -> {
            SettingsException refusal = new SettingsException(
                    List.of("%s holds a login: %s".formatted(Redaction.of(argument), SettingsException.LOGINS)));
            throw new CommandLine.ExecutionException(parsed.commandSpec().commandLine(), refusal.getMessage(), refusal);
        });
    }

    private static ParseResult last(ParseResult parsed) {
        return parsed.hasSubcommand() ? last(parsed.subcommand()) : parsed;
    }
}
