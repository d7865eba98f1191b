package siglip.job.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * The files under a path, sorted by name, without those that programs hide: whose own name, or that of a folder below the path, begins with
 * {@code _} or a dot, apart from folders of a column such as {@code _day=1}; and without those that are still being copied.
 *
 * @param base folder that names start from
 * @param inFolder whether the path is a folder or matches one, and does not name files alone
 */
public record FoundFiles(String path, String base, boolean inFolder, List<Found> files) {
    private static final String WILDCARDS = "*?[]{}";
    private static final Pattern HIDDEN = Pattern.compile("(.*/)?([.][^/]*|_[^/=]*)(/.*)?|.*[.]_COPYING_");
    private static final Pattern COMPRESSED = Pattern.compile("gz|bz2");

    /**
     * A file.
     *
     * @param uri escaped, as it is written into rows
     * @param name relative to the path, with {@code /} between folders
     * @param bytes its length
     * @param modified when it was last written, in milliseconds since 1970, as far as its file system tells
     */
    public record Found(String uri, String name, long bytes, long modified) implements Serializable {
        /** Where it lies. */
        public Path path() {
            return new Path(URI.create(uri));
        }

        /** What the name ends with, in lower case and without the dot: {@code png}, {@code csv.gz}; empty if there is no dot. */
        public String suffix() {
            String last = name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
            int dot = last.lastIndexOf('.');
            if (dot > 0 && COMPRESSED.matcher(last.substring(dot + 1)).matches()) {
                int before = last.lastIndexOf('.', dot - 1);
                dot = before > 0 ? before : dot;
            }
            return dot > 0 ? last.substring(dot + 1) : "";
        }

        /** The folder that it lies in, relative to the path and with {@code /} at its end; empty for the path itself. */
        public String folder() {
            return name.substring(0, name.lastIndexOf('/') + 1);
        }

        /** Its bytes, uncompressed if its name says that they are compressed. */
        public InputStream open(Configuration hadoop) throws IOException {
            Path path = path();
            InputStream in = FileSystems.bare(FileSystems.of(path, hadoop)).open(path, 1 << 16);
            CompressionCodec codec = new CompressionCodecFactory(hadoop).getCodec(path);
            return codec == null ? in : codec.createInputStream(in);
        }
    }

    public FoundFiles {
        files = List.copyOf(files);
    }

    /**
     * Lists files.
     *
     * @param path a file, a folder, or a pattern of Hadoop for such
     * @throws FileNotFoundException if there is none
     */
    public static FoundFiles under(String path, Configuration hadoop) throws IOException {
        Path given = FileSystems.path(path);
        FileSystem system = FileSystems.bare(FileSystems.of(given, hadoop));
        FileStatus[] roots = roots(system, given);
        Path base = base(system.makeQualified(given), roots[0]);
        String folder = base.toUri().getPath();
        folder = folder.endsWith("/") ? folder : folder + "/";
        List<Found> found = new ArrayList<>();
        for (FileStatus root : roots) {
            if (root.isFile()) {
                found.add(found(root, folder));
                continue;
            }
            RemoteIterator<? extends FileStatus> below = system.listFiles(root.getPath(), true);
            while (below.hasNext()) {
                Found file = found(below.next(), folder);
                if (!HIDDEN.matcher(file.name()).matches()) {
                    found.add(file);
                }
            }
        }
        refuseSpecial(system, found);
        found.sort(Comparator.comparing(Found::name));
        return new FoundFiles(path, base.toString(), Arrays.stream(roots).anyMatch(FileStatus::isDirectory), found);
    }

    /** What to say of a path where nothing is. */
    public static String nothingAt(String path) {
        boolean pattern = path.chars().anyMatch(c -> WILDCARDS.indexOf(c) >= 0);
        return "there is no such file or folder"
                + (pattern ? ", and none that matches it: %s are wildcards".formatted(WILDCARDS) : "");
    }

    /** As it is named if there is such a file, since names may hold brackets; else as a pattern. */
    private static FileStatus[] roots(FileSystem system, Path path) throws IOException {
        try {
            return new FileStatus[] {system.getFileStatus(path)};
        } catch (FileNotFoundException e) {
            FileStatus[] matches = matches(system, path);
            if (matches == null || matches.length == 0) {
                throw e;
            }
            return matches;
        }
    }

    private static FileStatus[] matches(FileSystem system, Path pattern) throws IOException {
        try {
            return system.globStatus(pattern);
        } catch (IllegalArgumentException e) {
            throw new IOException(
                    "there is no such file or folder, and as a pattern it meets names with a colon, which Hadoop's patterns cannot: name a folder, or rename what holds the colon");
        }
    }

    /** The folder that names start from: the path itself or, for a file or a pattern, the folders before. */
    private static Path base(Path given, FileStatus root) {
        Path fixed = given;
        while (!(root.getPath() + "/").startsWith(fixed + "/")) {
            fixed = fixed.getParent();
        }
        return root.isFile() && fixed.equals(root.getPath()) ? fixed.getParent() : fixed;
    }

    /** A pipe would keep whoever reads it waiting, and a device may never end. What has a length is neither. */
    private static void refuseSpecial(FileSystem system, List<Found> files) throws IOException {
        for (Found file : files) {
            if (file.bytes() == 0 && FileSystems.isSpecial(system, file.path())) {
                throw new IOException("%s is a pipe or a device, which is not read: write its content to a file"
                        .formatted(file.path().toUri().getPath()));
            }
        }
    }

    private static Found found(FileStatus file, String folder) {
        String path = file.getPath().toUri().getPath();
        return new Found(
                file.getPath().toUri().toString(),
                path.substring(folder.length()),
                file.getLen(),
                file.getModificationTime());
    }

    /** Those that are wanted. */
    public FoundFiles where(Predicate<Found> wanted) {
        return new FoundFiles(
                path, base, inFolder, files.stream().filter(wanted).toList());
    }

    /** Those of which the name ends so. */
    public FoundFiles ending(List<String> suffixes) {
        return where(file -> suffixes.contains(file.suffix()));
    }

    /** Whether there is none. */
    public boolean isEmpty() {
        return files.isEmpty();
    }

    /** How many there are of each kind, such as {@code 24 *.png, 1 *.csv}. */
    public String counts() {
        Map<String, Long> counts = files.stream()
                .collect(Collectors.groupingBy(
                        file -> file.suffix().isEmpty() ? "without a suffix" : "*." + file.suffix(),
                        TreeMap::new,
                        Collectors.counting()));
        return counts.isEmpty()
                ? "no files"
                : counts.entrySet().stream()
                        .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                        .limit(12)
                        .map(each -> each.getValue() + " " + each.getKey())
                        .collect(Collectors.joining(", "));
    }
}
