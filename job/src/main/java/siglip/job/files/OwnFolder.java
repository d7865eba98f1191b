package siglip.job.files;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder on any Hadoop file system in which this program tells its own files from those of others. A list in the folder, {@link #LIST}, names
 * what the program has written there, and a name goes onto the list before its file is written and only if nothing has it. So what is
 * on the list may be replaced, and nothing else is ever touched; links are not followed, and not replaced either.
 *
 * <p>Names are relative, with {@code /} between folders. One that ends with {@code /} is a folder that belongs to the program with all that it
 * puts there.
 */
public final class OwnFolder {
    /** Name of the list; whoever reads data leaves it alone, as its name begins with {@code _}. */
    public static final String LIST = "_siglip-files";

    private static final String HEAD = "# What siglip wrote here. It replaces these files when told to, and no others.";
    private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}(/|$))[^/\\\\:]+(/(?!\\.{1,2}(/|$))[^/\\\\:]+)*/?");

    private final FileSystem files;
    private final Path folder;
    private final Set<String> names;
    private Set<String> written;

    private OwnFolder(FileSystem files, Path folder, Set<String> names) {
        this.files = files;
        this.folder = folder;
        this.names = names;
        written = Set.copyOf(names);
    }

    /**
     * Looks at a folder, which need not exist; changes nothing.
     *
     * @throws TakenException if a file lies there
     * @throws IOException if it cannot be read, or its list is none
     */
    public static OwnFolder at(Path folder, FileSystem fileSystem) throws IOException {
        FileSystem files = FileSystems.bare(fileSystem);
        try {
            if (files.getFileStatus(folder).isFile()) {
                throw new TakenException("%s is a file, and a folder is to be there: name another".formatted(folder));
            }
        } catch (FileNotFoundException none) {
            return new OwnFolder(files, folder, new TreeSet<>());
        }
        return new OwnFolder(files, folder, listed(files, new Path(folder, LIST)));
    }

    /** The same, with the file system that the path names. */
    public static OwnFolder at(Path folder, Configuration hadoop) throws IOException {
        return at(folder, FileSystems.of(folder, hadoop));
    }

    private static Set<String> listed(FileSystem files, Path list) throws IOException {
        Set<String> names = new TreeSet<>();
        if (FileSystems.isLink(files, list) || FileSystems.isSpecial(files, list)) {
            throw noList(list);
        }
        List<String> lines;
        try (FSDataInputStream in = files.open(list)) {
            lines = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } catch (FileNotFoundException none) {
            return names;
        }
        List<String> rest = lines.subList(Math.min(1, lines.size()), lines.size());
        if (lines.isEmpty()
                || !lines.get(0).equals(HEAD)
                || !rest.stream().allMatch(name -> NAME.matcher(name).matches())) {
            throw noList(list);
        }
        names.addAll(rest);
        return names;
    }

    private static TakenException noList(Path list) {
        return new TakenException("%s is not what this program writes there: name another folder".formatted(list));
    }

    public Path path() {
        return folder;
    }

    public FileSystem files() {
        return files;
    }

    /** Whether the program has written here. */
    public boolean isKnown() {
        return !names.isEmpty();
    }

    /** One of the program's files that is there, if any is. */
    public Optional<String> first() throws IOException {
        for (String name : names) {
            if (files.exists(child(name))) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    /**
     * For a folder that is read as a whole: nothing else may lie there.
     *
     * @throws TakenException if something does
     */
    public void refuseOthers() throws IOException {
        for (FileStatus each : list(folder)) {
            String name = each.getPath().getName();
            boolean own = each.isDirectory() ? names.contains(name + "/") : names.contains(name) || isDraft(name);
            if (!name.equals(LIST) && (!own || FileSystems.isLink(files, each.getPath()))) {
                throw new TakenException(
                        "%s holds %s, which this program did not write: name another folder".formatted(folder, name));
            }
        }
    }

    /**
     * Asks for names before the work.
     *
     * @throws TakenException if something that the program did not write has one of them
     */
    public void refuseTaken(Collection<String> wanted) throws IOException {
        for (String name : wanted) {
            refuseLinks(name);
            for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
                Path parent = child(name.substring(0, slash));
                if (files.exists(parent) && files.getFileStatus(parent).isFile()) {
                    throw taken(name.substring(0, slash));
                }
            }
            if (!names.contains(name)
                    && files.exists(child(name))
                    && !(name.endsWith("/") && list(child(name)).isEmpty())) {
                throw taken(name);
            }
        }
    }

    private TakenException taken(String name) {
        return new TakenException("%s holds %s, which this program did not write: move it away, or name another folder"
                .formatted(folder, name));
    }

    /** A file that is to be written, listed as the program's own. */
    public Path take(String name) throws IOException {
        take(List.of(name));
        return child(name);
    }

    /**
     * Lists files as the program's own before they are written.
     *
     * @throws TakenException if something that the program did not write has one of the names
     */
    public void take(Collection<String> wanted) throws IOException {
        refuseTaken(wanted);
        names.addAll(wanted);
        if (!names.equals(written)) {
            write();
        }
    }

    /** Takes files for the program's own that it wrote without a list; the list has them once a file is taken. */
    public void adopt(Collection<String> own) {
        names.addAll(own);
    }

    /** Deletes one of the program's files, if it is there, and folders that are empty without it. */
    public void delete(String name) throws IOException {
        if (!names.contains(name)) {
            return;
        }
        refuseLinks(name);
        files.delete(child(name), name.endsWith("/"));
        for (Path path = child(name).getParent(); !path.equals(folder); path = path.getParent()) {
            if (list(path).isEmpty()) {
                files.delete(path, false);
            }
        }
    }

    /** Deletes all that the program has written here, and what an interrupted call left of it, but for some names. */
    public void clearAllBut(Collection<String> kept) throws IOException {
        for (FileStatus each : list(folder)) {
            if (each.isFile() && isDraft(each.getPath().getName())) {
                files.delete(each.getPath(), false);
            }
        }
        for (String name : names) {
            if (!kept.contains(name)) {
                delete(name);
            }
        }
        names.retainAll(kept);
        write();
    }

    /** The same, without exception. */
    public void clear() throws IOException {
        clearAllBut(List.of());
    }

    private void write() throws IOException {
        List<String> lines = new ArrayList<>(List.of(HEAD));
        lines.addAll(names);
        byte[] text = (String.join("\n", lines) + "\n").getBytes(StandardCharsets.UTF_8);
        WholeFile.write(files, new Path(folder, LIST), out -> out.write(text));
        written = Set.copyOf(names);
    }

    /** Whether a file is the draft of one that is listed, or of the list. */
    private boolean isDraft(String name) {
        return WholeFile.ofDraft(name)
                .filter(of -> of.equals(LIST) || names.contains(of))
                .isPresent();
    }

    private void refuseLinks(String name) throws IOException {
        for (Path path = child(name); !path.equals(folder); path = path.getParent()) {
            if (FileSystems.isLink(files, path)) {
                throw new TakenException(
                        "%s is a link, which this program did not make: move it away, or name another folder"
                                .formatted(path));
            }
        }
    }

    private Path child(String name) {
        return new Path(folder, name);
    }

    private List<FileStatus> list(Path path) throws IOException {
        try {
            return List.of(files.listStatus(path));
        } catch (FileNotFoundException none) {
            return List.of();
        }
    }
}
