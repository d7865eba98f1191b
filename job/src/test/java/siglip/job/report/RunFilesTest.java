package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFilesTest {
    @Test
    void aRunLeavesThreeFilesAndReplacesThoseOfTheLast(@TempDir Path folder) throws IOException {
        Configuration hadoop = new Configuration();
        write(new SampleRun().out(folder.toString()), hadoop);
        RunFiles files = write(new SampleRun().steps(4).out(folder.toString()), hadoop);

        Path home = folder.resolve("emoji-sample");
        assertThat(files.readableReport()).isEqualTo(home.resolve("report.html").toString());
        assertThat(Files.readAllLines(home.resolve("steps.jsonl"))).hasSize(8);
        assertThat(Files.readString(home.resolve("report.html"))).startsWith("<!DOCTYPE html>");
        assertThat(Files.readString(home.resolve("metrics.json"))).contains("\"format\" : 1");
        try (Stream<Path> all = Files.list(home)) {
            assertThat(all).hasSize(3);
        }
    }

    private static RunFiles write(SampleRun run, Configuration hadoop) throws IOException {
        return RunFiles.write(run.figures(), hadoop);
    }

    @Test
    void aReportElsewhereIsNamedWithItsScheme() {
        RunFiles files = new RunFiles(
                new org.apache.hadoop.fs.Path("s3a://bucket/runs/a/report.html"),
                new org.apache.hadoop.fs.Path("s3a://bucket/runs/a/metrics.json"),
                new org.apache.hadoop.fs.Path("s3a://bucket/runs/a/steps.jsonl"));

        assertThat(files.readableReport()).isEqualTo("s3a://bucket/runs/a/report.html");
    }
}
