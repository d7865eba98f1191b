package siglip.job.checkpoint;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.training.ArmSnapshot;
import siglip.job.training.StepJson;

/**
 * The checkpoints of a run in one folder of any Hadoop file system:
 *
 * <pre>
 * step-00000240-OWNER/   a checkpoint; nothing in it ever changes
 *   arm-NAME.f32         arrays of each arm
 *   state.json           all else
 *   MANIFEST.json        sizes and SHA-256 of all files. Written last: without it there is no checkpoint
 * steps/
 *   00000120-00000240-OWNER.jsonl   records of steps 120 to 239. Checkpoints share these files: each names all it needs
 * </pre>
 *
 * <p>No file is ever written twice and no folder renamed, so that two drivers that write at once cannot mix their checkpoints, whatever the file
 * system promises about overwriting. Only files of these names are ever removed, and folders only when nothing else is in them.
 */
public final class CheckpointStore {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
    private static final Pattern FOLDER = Pattern.compile("step-(\\d{8,18})-\\w+");
    private static final Pattern OF_STEPS = Pattern.compile("\\d{8,18}-\\d{8,18}-\\w+\\.jsonl");
    private static final String STEPS = "steps";

    private final FileSystem files;
    private final Path root;
    private final CheckpointReader reader;

    /** @param root folder of the checkpoints; need not exist */
    public CheckpointStore(FileSystem files, Path root) {
        this.files = FileSystems.bare(files);
        this.root = root;
        reader = new CheckpointReader(this.files, root);
    }

    /** Asked right before a checkpoint is committed. */
    public interface Fence {
        /** @throws IOException if this driver may no longer write */
        void check() throws IOException;
    }

    public Path root() {
        return root;
    }

    /**
     * Writes a checkpoint; when this returns, it is there.
     *
     * @param checkpoint its history holds the steps since the last of {@code earlier}
     * @param earlier files of the steps before those
     * @param owner id of this driver, which no other has
     * @return what was written
     * @throws IOException if it could not be written; then there is no such checkpoint
     */
    public StoredCheckpoint write(Checkpoint checkpoint, List<StoredFile> earlier, String owner, Fence fence)
            throws IOException {
        long step = checkpoint.training().step();
        String name = "step-%08d-%s".formatted(step, owner);
        Path folder = new Path(root, name);
        boolean committed = false;
        try {
            make(folder);
            List<StoredFile> stored = new ArrayList<>();
            for (ArmSnapshot arm : checkpoint.training().arms()) {
                String file = name + "/" + StateFile.Arm.of(arm).file();
                stored.add(write(file, out -> ArmArrays.write(StateFile.Arm.slotsOf(arm), out)));
            }
            stored.add(write(name + "/" + StateFile.NAME, StateFile.of(checkpoint)::write));
            List<StoredFile> steps = new ArrayList<>(earlier);
            steps(checkpoint, owner).ifPresent(steps::add);
            Manifest manifest = Manifest.of(checkpoint, owner, stored, steps);
            fence.check();
            WholeFile.create(files, new Path(folder, Manifest.NAME), out -> out.write(manifest.bytes()));
            committed = true;
            return new StoredCheckpoint(folder, checkpoint, steps);
        } finally {
            if (!committed) {
                deleteQuietly(folder);
            }
        }
    }

    private Optional<StoredFile> steps(Checkpoint checkpoint, String owner) throws IOException {
        if (checkpoint.history().steps().isEmpty()) {
            return Optional.empty();
        }
        make(new Path(root, STEPS));
        long from = checkpoint.history().steps().get(0).step();
        String name = "%s/%08d-%08d-%s.jsonl"
                .formatted(STEPS, from, checkpoint.training().step(), owner);
        return Optional.of(
                write(name, out -> StepJson.write(checkpoint.history().steps(), out)));
    }

    private StoredFile write(String path, WholeFile.Body body) throws IOException {
        StoredFile[] written = new StoredFile[1];
        WholeFile.create(files, new Path(root, path), out -> {
            HashedOutput hashed = new HashedOutput(out);
            body.write(hashed);
            hashed.flush();
            written[0] = hashed.file(path);
        });
        return written[0];
    }

    private void make(Path folder) throws IOException {
        if (!files.mkdirs(folder)) {
            throw new IOException("the file system refused to make the folder " + folder);
        }
    }

    /**
     * The newest checkpoint that is whole.
     *
     * @param warnings told of each newer one that is not, and why
     * @throws IOException if the folder cannot be listed
     */
    public Optional<StoredCheckpoint> newest(Consumer<String> warnings) throws IOException {
        for (Path folder : folders()) {
            try {
                return Optional.of(reader.read(folder));
            } catch (IOException e) {
                warnings.accept("skipped the checkpoint %s: %s".formatted(folder, reason(e)));
            }
        }
        return Optional.empty();
    }

    /** @throws IOException if that folder holds no whole checkpoint; the message says why */
    public StoredCheckpoint read(Path folder) throws IOException {
        return reader.read(folder);
    }

    /** Whether there is anything of a checkpoint, whole or not. */
    public boolean isEmpty() throws IOException {
        return folders().isEmpty();
    }

    /**
     * Removes all checkpoints but {@code latest} and the newest others that look whole, {@code keep} in all, and the step files that none of these needs.
     *
     * @param latest just written, and never removed
     */
    public void prune(StoredCheckpoint latest, int keep) throws IOException {
        Set<String> kept = new HashSet<>();
        Set<String> needed = new HashSet<>();
        keep(latest.path(), kept, needed);
        for (Path folder : folders()) {
            if (kept.contains(folder.getName())) {
                continue;
            }
            if (kept.size() < keep && looksWhole(folder)) {
                keep(folder, kept, needed);
            } else {
                remove(folder);
            }
        }
        sweep(new Path(root, STEPS), name -> isOfSteps(name) && !needed.contains(STEPS + "/" + name));
    }

    /** Removes all checkpoints, whole or not. */
    public void clear() throws IOException {
        for (Path folder : folders()) {
            remove(folder);
        }
        sweep(new Path(root, STEPS), CheckpointStore::isOfSteps);
        sweep(root, name -> false);
    }

    private void remove(Path folder) throws IOException {
        if (!FileSystems.isLink(files, folder)) {
            files.delete(new Path(folder, Manifest.NAME), false); // first: from here on it is no checkpoint
            sweep(folder, StateFile::isOfCheckpoint);
        }
    }

    private static boolean isOfSteps(String name) {
        return OF_STEPS.matcher(name).matches();
    }

    /** Deletes the files of such names and drafts of them, and the folder if nothing is left in it. */
    private void sweep(Path folder, Predicate<String> own) throws IOException {
        if (FileSystems.isLink(files, folder)) {
            return;
        }
        boolean empty = true;
        for (FileStatus each : list(folder)) {
            String name = each.getPath().getName();
            if (each.isFile() && own.test(WholeFile.ofDraft(name).orElse(name))) {
                files.delete(each.getPath(), false);
            } else {
                empty = false;
            }
        }
        if (empty) {
            files.delete(folder, false);
        }
    }

    private void keep(Path folder, Set<String> kept, Set<String> needed) throws IOException {
        kept.add(folder.getName());
        reader.manifest(folder).all().forEach(file -> needed.add(file.path()));
    }

    private boolean looksWhole(Path folder) throws IOException {
        try {
            reader.checkSizes(reader.manifest(folder));
            return true;
        } catch (DamagedException e) {
            LOG.debug("{} is not whole", folder, e);
            return false;
        }
    }

    /** Folders of checkpoints, newest first. */
    private List<Path> folders() throws IOException {
        record Numbered(long step, long time, Path path) {}
        List<Numbered> found = new ArrayList<>();
        for (FileStatus status : list(root)) {
            Matcher name = FOLDER.matcher(status.getPath().getName());
            if (status.isDirectory() && name.matches()) {
                found.add(new Numbered(Long.parseLong(name.group(1)), status.getModificationTime(), status.getPath()));
            }
        }
        return found.stream()
                .sorted(Comparator.comparingLong(Numbered::step)
                        .thenComparingLong(Numbered::time)
                        .thenComparing(each -> each.path().getName())
                        .reversed())
                .map(Numbered::path)
                .toList();
    }

    private List<FileStatus> list(Path folder) throws IOException {
        try {
            return List.of(files.listStatus(folder));
        } catch (FileNotFoundException none) {
            return List.of();
        }
    }

    private void deleteQuietly(Path folder) {
        try {
            remove(folder);
        } catch (IOException | FSError e) {
            LOG.debug("Cannot remove the half-written checkpoint {}", folder, e);
        }
    }

    private static String reason(IOException e) {
        return e instanceof DamagedException ? e.getMessage() : e.toString();
    }
}
