package siglip.job.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import siglip.job.files.Earlier;
import siglip.job.files.Unit;
import siglip.job.report.RunFiles;
import siglip.job.report.StudyFiles;
import siglip.job.report.StudyTable;
import siglip.job.runs.RunFolder;
import siglip.job.study.StudyCell;
import siglip.job.study.StudyFigures;
import siglip.job.study.StudyPlan;

/** The runs of a study, one after the other in one Spark application: those that have ended are left as they are. */
final class StudyRuns {
    private final StudyPlan plan;
    private final Earlier earlier;
    private final PrintWriter out;
    private final List<StudyCell> ended = new ArrayList<>();
    private double seconds;
    private int timed;

    private StudyRuns(StudyPlan plan, Earlier earlier, PrintWriter out) {
        this.plan = plan;
        this.earlier = earlier;
        this.out = out;
    }

    /**
     * Runs what is missing, and writes page and figures after each run.
     *
     * @param earlier what becomes of runs that have ended
     * @throws NoResultException if no arm of any run trained to its end
     */
    static void run(StudyPlan plan, Earlier earlier, PrintWriter out) throws IOException {
        new StudyRuns(plan, earlier, out).run();
    }

    private void run() throws IOException {
        String name = plan.settings().run().name();
        StudyFigures figures;
        String page;
        try (SparkSession spark = Sessions.open("study " + name, plan.widest())) {
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            OutputFolder.takeStudy(plan.settings(), hadoop);
            for (StudyCell cell : plan.cells()) {
                cell(cell, spark);
            }
            figures = figures(hadoop);
            page = StudyFiles.write(figures, hadoop);
        }
        out.println();
        out.println(StudyTable.of(figures));
        out.println("Study: " + page);
        out.flush();
        if (!figures.anyFinished()) {
            throw new NoResultException(plan.cells().size());
        }
    }

    private void cell(StudyCell cell, SparkSession spark) throws IOException {
        PrintStream terminal = System.out; // stays open
        int all = plan.cells().size();
        int number = ended.size() + 1;
        Instant begun = Instant.now();
        String left = timed == 0
                ? ""
                : ", about %s left".formatted(Unit.SECONDS.plain(seconds / timed * (all - ended.size())));
        out.println("run %d of %d: %s%s".formatted(number, all, cell.title(), left));
        out.flush();
        Optional<SingleRun.Outcome> outcome =
                SingleRun.run(spark, cell.load(), earlier, terminal, figures -> true, folder -> wayOn(cell, folder));
        ended.add(cell);
        if (outcome.isEmpty()) {
            out.println("already done: " + cell.folder());
            out.flush();
            return;
        }
        seconds += Duration.between(begun, Instant.now()).toMillis() / 1000.0;
        timed++;
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        StudyFiles.write(figures(hadoop), hadoop);
    }

    private StudyFigures figures(Configuration hadoop) throws IOException {
        return StudyFigures.read(plan, ended, RunFiles.METRICS, hadoop);
    }

    /** A study that is to be run again would begin anew with each call. */
    private String wayOn(StudyCell cell, RunFolder folder) {
        return "give the same command again%s, and the study goes on: %d of %d runs have ended, and that of %s %s"
                .formatted(
                        earlier == Earlier.OVERWRITE ? " without --overwrite" : "",
                        ended.size(),
                        plan.cells().size(),
                        cell.title(),
                        folder.saved() == 0
                                ? "had no checkpoint yet"
                                : "has a checkpoint of step %d".formatted(folder.saved()));
    }
}
