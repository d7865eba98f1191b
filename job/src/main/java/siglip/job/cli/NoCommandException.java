package siglip.job.cli;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** A command line that ends where one of several commands should follow. */
final class NoCommandException extends ParameterException {
    private static final long serialVersionUID = 1L;

    NoCommandException(CommandLine before) {
        super(
                before,
                "no command: there are "
                        + String.join(", ", before.getSubcommands().keySet()));
    }
}
