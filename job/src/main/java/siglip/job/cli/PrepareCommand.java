package siglip.job.cli;

import picocli.CommandLine.Command;

@Command(
        name = "prepare",
        description = "Makes a data set of image-text pairs.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {PrepareEmojiCommand.class, PrepareSyntheticCommand.class})
final class PrepareCommand {}
