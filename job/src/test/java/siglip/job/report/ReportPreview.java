package siglip.job.report;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import siglip.job.comparison.ComparisonResult;

/** Writes reports of sample runs into a folder, to be looked at in a browser. Not a test. */
final class ReportPreview {
    private ReportPreview() {}

    public static void main(String[] args) throws Exception {
        Path folder = Files.createDirectories(Path.of(args[0]));
        write(folder, "plain", new SampleRun().build());
        write(
                folder,
                "rough",
                new SampleRun()
                        .arms("siglip", "clip", "siglip-b0")
                        .ranks(16)
                        .steps(100_000)
                        .diverging(1, 61_234)
                        .incidents("attempt 1 failed at step 512: rank 1 fell silent; restarted from step 511")
                        .build());
        write(
                folder,
                "short",
                new SampleRun().arms("siglip").steps(3).ranks(1).evaluations(0).build());
    }

    private static void write(Path folder, String name, ComparisonResult result) throws Exception {
        RunView run = SampleRun.view(result);
        Files.writeString(folder.resolve(name + ".html"), HtmlReport.of(run), StandardCharsets.UTF_8);
        System.out.println(SummaryTable.of(result, run.figures()));
    }
}
