package siglip.job.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.files.Earlier;
import siglip.job.study.StudyPlan;

@Command(
        name = "study",
        description = {
            "Runs a comparison for each seed and each combination of the values under study.axes, and says with intervals in what the arms differ.",
            "Each run has a folder of its own below <out>/<name>/, and is one that compare could have made. Given again, the command runs what is missing: more seeds and values may be added."
        })
final class StudyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions options;

    @Option(
            names = "--overwrite",
            description =
                    "Replaces all runs that have ended, also those with the same settings, and unfinished ones with other settings.")
    private boolean overwrite;

    @Override
    public Integer call() throws IOException {
        StudyPlan plan = StudyPlan.of(options.sources(List.of()));
        StudyRuns.run(
                plan,
                overwrite ? Earlier.OVERWRITE : Earlier.KEEP,
                spec.commandLine().getOut());
        return ExitCode.OK.code();
    }
}
