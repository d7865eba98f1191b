package siglip.job.formats;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.util.HadoopFSUtils;
import siglip.job.files.FileSystems;
import siglip.job.files.FoundFiles;

/**
 * The files that lie at a path: the path itself, or all in a folder and the folders in it, apart from those that Spark takes for hidden.
 *
 * @param root folder, or the file itself, that relative names start from
 * @param folder whether a folder was named, and not a file
 * @param files sorted by name
 */
record InputFiles(URI root, boolean folder, List<FileStatus> files) {
    private static final String WILDCARDS = "*?[]{}";

    InputFiles {
        files = List.copyOf(files);
    }

    /**
     * A path that is there is taken literally. Another one is a pattern if it holds wildcards.
     *
     * @throws DataException if nothing is there
     */
    static InputFiles at(String path, Configuration settings) {
        try {
            Path named = new Path(path);
            FileSystem system = FileSystems.of(named, settings);
            List<FileStatus> tops = new ArrayList<>();
            boolean literal = system.exists(named);
            if (literal) {
                tops.add(system.getFileStatus(named));
            } else {
                FileStatus[] matches = system.globStatus(named);
                tops.addAll(matches == null ? List.of() : Arrays.asList(matches));
            }
            if (tops.isEmpty()) {
                throw new DataException("Cannot read pairs from %s: %s".formatted(path, FoundFiles.nothingAt(path)));
            }
            URI root = system.makeQualified(literal ? named : fixed(named)).toUri();
            List<FileStatus> files = new ArrayList<>();
            for (FileStatus top : tops) {
                add(system, top, files);
            }
            files.sort(Comparator.comparing(file -> name(root, file.getPath())));
            return new InputFiles(root, tops.stream().anyMatch(FileStatus::isDirectory), files);
        } catch (FileNotFoundException e) {
            throw new DataException(
                    "Cannot read pairs from %s: files went away while they were listed".formatted(path), e);
        } catch (IOException | IllegalArgumentException e) {
            throw new DataException("Cannot read pairs from %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    /** The name of a file below the root; files are ordered by it. */
    static String name(URI root, Path file) {
        String name = root.relativize(file.toUri()).getPath();
        return name.isEmpty() ? file.getName() : name;
    }

    private static void add(FileSystem system, FileStatus top, List<FileStatus> files) throws IOException {
        if (!top.isDirectory()) {
            files.add(top);
            return;
        }
        URI from = top.getPath().toUri();
        RemoteIterator<LocatedFileStatus> found = system.listFiles(top.getPath(), true);
        while (found.hasNext()) {
            FileStatus file = found.next();
            boolean hidden = Arrays.stream(name(from, file.getPath()).split("/"))
                    .anyMatch(HadoopFSUtils::shouldFilterOutPathName);
            if (!hidden) {
                files.add(file);
            }
        }
    }

    private static boolean hasWildcards(Path path) {
        return path.toString().chars().anyMatch(c -> WILDCARDS.indexOf(c) >= 0);
    }

    /** The path up to its first wildcard. */
    private static Path fixed(Path path) {
        Path fixed = path;
        while (hasWildcards(fixed)) {
            fixed = fixed.getParent();
        }
        return fixed;
    }
}
