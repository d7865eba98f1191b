package siglip.job.data.prepare;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import siglip.job.files.OwnFolder;
import siglip.job.files.WriteException;

/** Writes Parquet files with names of their own, which appear when all of them are whole. */
final class WholeParquet {
    private WholeParquet() {}

    /**
     * Writes a file for each partition. What the program had written in the folder before is deleted as soon as they are whole.
     *
     * @param name of the file, by the number that Spark gives it
     */
    static void write(Dataset<Row> rows, OwnFolder folder, UnaryOperator<String> name) throws IOException {
        FileSystem files = folder.files();
        String draft = "_draft-%s/".formatted(UUID.randomUUID());
        Path drafts = folder.take(draft);
        draft(rows, drafts);
        List<Path> parts = Stream.of(files.globStatus(new Path(drafts, "part-*.parquet")))
                .map(FileStatus::getPath)
                .sorted(Comparator.comparing(Path::getName))
                .toList();
        folder.clearAllBut(List.of(draft));
        folder.take(parts.stream().map(part -> name.apply(number(part))).toList());
        for (Path part : parts) {
            Path target = folder.take(name.apply(number(part)));
            if (!files.rename(part, target)) {
                throw new WriteException(target, new IOException("the file system refused to rename " + part));
            }
        }
        folder.delete(draft);
    }

    private static void draft(Dataset<Row> rows, Path drafts) throws IOException {
        try {
            rows.write().parquet(drafts.toString());
        } catch (Exception e) { // Spark throws checked ones that it does not declare
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (WriteException.isOfFullDisk(cause)) {
                    throw new WriteException(drafts, cause);
                }
            }
            throw e;
        }
    }

    /** As in {@code part-NUMBER-ID.parquet}. */
    private static String number(Path part) {
        return part.getName().split("-", 3)[1];
    }
}
