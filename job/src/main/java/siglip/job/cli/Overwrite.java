package siglip.job.cli;

import picocli.CommandLine.Option;
import siglip.job.files.Earlier;

/** The option of commands that write a folder of files. */
final class Overwrite {
    @Option(
            names = "--overwrite",
            description = "Replaces what an earlier call wrote in that folder. Files of others are never replaced.")
    private boolean given;

    Earlier earlier() {
        return given ? Earlier.OVERWRITE : Earlier.KEEP;
    }
}
