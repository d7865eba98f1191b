package siglip.job.cli;

import java.nio.file.Path;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "completion",
        description = {
            "Prints a script by which bash and zsh complete commands and options.",
            "In this shell: source <(${ROOT-COMMAND-NAME} completion)"
        })
final class CompletionCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    /** Shells look for completions by the last part of a program's path. */
    @Override
    public void run() {
        String program = String.valueOf(Path.of(spec.root().name()).getFileName());
        spec.commandLine()
                .getOut()
                .println(AutoComplete.bash(program, spec.root().commandLine()));
    }
}
