package siglip.job.report;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.files.FileSystems;
import siglip.job.files.OwnFolder;
import siglip.job.runs.RunFolder;
import siglip.job.study.StudyFigures;
import siglip.job.study.StudyJson;

/** What a study leaves for its readers, beside the folders of its runs. */
public final class StudyFiles {
    private static final String PAGE = RunFolder.STUDY.get(0);
    private static final String FIGURES = RunFolder.STUDY.get(1);

    private StudyFiles() {}

    /**
     * Asks for the names before the work.
     *
     * @throws siglip.job.files.TakenException if something that this program did not write has one of them
     */
    public static void take(String folder, Configuration hadoop) throws IOException {
        OwnFolder.at(FileSystems.path(folder), hadoop).take(List.of(PAGE, FIGURES));
    }

    /** Writes both, and returns where the page is, as a person would open it. */
    public static String write(StudyFigures figures, Configuration hadoop) throws IOException {
        Path folder = FileSystems.path(figures.plan().settings().run().folder());
        FileSystem files = FileSystems.of(folder, hadoop);
        Path page = files.makeQualified(new Path(folder, PAGE));
        RunFiles.text(files, new Path(folder, FIGURES), StudyJson.of(figures).toPrettyString() + "\n");
        RunFiles.text(files, page, StudyPage.of(figures));
        return RunFiles.readable(page);
    }
}
