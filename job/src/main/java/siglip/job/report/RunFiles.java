package siglip.job.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.figures.MetricsJson;
import siglip.job.figures.RunFigures;
import siglip.job.files.FileSystems;
import siglip.job.files.Redaction;
import siglip.job.files.WholeFile;
import siglip.job.training.StepJson;

/**
 * What a finished run leaves for its readers, under {@code <out>/<name>/} on any Hadoop file system.
 *
 * @param report {@code report.html}, for people
 * @param metrics {@code metrics.json}, all figures
 * @param steps {@code steps.jsonl}, one step of one arm a line
 */
public record RunFiles(Path report, Path metrics, Path steps) {
    private static final String REPORT = "report.html";
    /** Name of the file of figures in the folder of a run. */
    public static final String METRICS = "metrics.json";

    private static final String STEPS = "steps.jsonl";

    /** The names of the three. */
    public static final List<String> NAMES = List.of(REPORT, METRICS, STEPS);

    /**
     * Writes all three.
     *
     * @return where they are, with the scheme of their file system
     * @throws IOException if the folder cannot be written
     */
    public static RunFiles write(RunFigures figures, Configuration hadoop) throws IOException {
        Path folder = FileSystems.path(figures.settings().run().folder());
        FileSystem files = FileSystems.of(folder, hadoop);
        Path home = files.makeQualified(folder);
        RunFiles paths = new RunFiles(new Path(home, REPORT), new Path(home, METRICS), new Path(home, STEPS));
        text(files, paths.metrics(), MetricsJson.write(figures));
        WholeFile.write(
                files, paths.steps(), out -> StepJson.write(figures.result().steps(), out));
        text(files, paths.report(), HtmlReport.of(RunView.of(figures)));
        return paths;
    }

    /** Where the report is, as a person would open it: a plain path for a local file. */
    public String readableReport() {
        return readable(report);
    }

    static String readable(Path path) {
        return "file".equals(path.toUri().getScheme()) ? path.toUri().getPath() : path.toString();
    }

    static void text(FileSystem files, Path path, String text) throws IOException {
        WholeFile.write(files, path, out -> out.write(Redaction.of(text).getBytes(StandardCharsets.UTF_8)));
    }
}
