package siglip.job.runs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.checkpoint.CheckpointStore;
import siglip.job.checkpoint.RunIdentity;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.config.CheckpointSettings;
import siglip.job.config.SettingsException;
import siglip.job.files.Earlier;
import siglip.job.files.FileSystems;
import siglip.job.files.OwnFolder;

/**
 * The folder of a run, held by this driver alone: {@code claims/}, {@code checkpoints/}, {@code tensorboard/}, the run's results, and {@code run.json} once it has ended. Decides
 * from where the run starts.
 */
public final class RunFolder implements AutoCloseable {
    /** Where events of TensorBoard are written. */
    public static final String TENSORBOARD = "tensorboard";

    /** What a study of the same name keeps beside its runs: the page, and the figures. */
    public static final List<String> STUDY = List.of("study.html", "study.json");

    static final String CHECKPOINTS = "checkpoints";
    private static final String CLAIMS = "claims";

    /** What is in the folder beside the results. */
    private static final List<String> OWN =
            List.of(CHECKPOINTS + "/", CLAIMS + "/", TENSORBOARD + "/", FinishedRun.NAME);

    private final FileSystem files;
    private final Path folder;
    private final OwnFolder own;
    private final List<String> results;
    private final CheckpointSettings settings;
    private final Earlier earlier;
    private final CheckpointStore store;
    private final List<String> notes = new ArrayList<>();
    private Lease lease; // taken once the run may begin
    private RunIdentity identity;
    private Optional<FinishedRun> done = Optional.empty();
    private volatile Optional<StoredCheckpoint> from = Optional.empty();
    private boolean replacesResults;
    private boolean replacesCheckpoints;
    private volatile Optional<CheckpointWriter> writer = Optional.empty();

    private RunFolder(
            FileSystem files,
            OwnFolder own,
            List<String> results,
            CheckpointSettings settings,
            RunIdentity identity,
            Earlier earlier) {
        this.files = files;
        this.own = own;
        this.results = results;
        this.folder = own.path();
        this.settings = settings;
        this.identity = identity;
        this.earlier = earlier;
        store = new CheckpointStore(files, new Path(folder, CHECKPOINTS));
    }

    /**
     * Claims a folder, and decides from where its run starts; what an earlier run left is removed where it is to be replaced. Files of others
     * may lie there, and stay.
     *
     * @param identity without the data's fingerprint, which {@link #start} adds
     * @param earlier what becomes of a run that has ended there
     * @param results names of the files that a run leaves when it ends
     * @param listener told what is waited for, taken over, skipped and why
     * @throws SettingsException if another driver is at work there, or the folder holds a run that this one would not continue and may not replace
     * @throws siglip.job.files.TakenException if a file of somebody else has a name that the run needs
     * @throws IOException if the folder cannot be read or written
     */
    public static RunFolder open(
            FileSystem fileSystem,
            Path folder,
            CheckpointSettings settings,
            RunIdentity identity,
            Earlier earlier,
            List<String> results,
            Consumer<String> listener)
            throws IOException {
        FileSystem files = FileSystems.bare(fileSystem);
        RunFolder run = new RunFolder(files, OwnFolder.at(folder, files), results, settings, identity, earlier);
        Consumer<String> noted = text -> {
            run.notes.add(text);
            listener.accept(text);
        };
        Path claims = new Path(folder, CLAIMS);
        Optional<Claim> seen = new ClaimFiles(files, claims).highest();
        List<String> names = Stream.concat(OWN.stream(), results.stream()).toList();
        if (seen.isPresent() && !run.own.isKnown()) {
            run.own.adopt(names); // a run of a version that kept no list
        }
        run.own.refuseTaken(names);
        boolean free = seen.map(Claim::isReleased).orElse(true);
        if (free) {
            run.decide(noted); // before the claim: a refused call leaves the folder as it is
        }
        run.own.take(names);
        run.lease = Lease.take(files, claims, settings.lease(), settings.takeOver(), noted);
        boolean open = false;
        try {
            if (!free || !run.lease.follows(seen)) { // another driver was there
                run.decide(noted);
            }
            run.clear();
            open = true;
            return run;
        } finally {
            if (!open) {
                run.lease.close();
            }
        }
    }

    /** Whether the run is done, where it starts, and what it replaces; changes nothing in the folder. */
    private void decide(Consumer<String> warnings) throws IOException {
        done = Optional.empty();
        from = Optional.empty();
        replacesResults = false;
        replacesCheckpoints = false;
        Optional<FinishedRun> finished = FinishedRun.read(files, folder);
        if (finished.isPresent()) {
            if (earlier == Earlier.OVERWRITE) {
                replacesResults = true;
                replacesCheckpoints = true;
            } else if (!settings.resume().equals(CheckpointSettings.AUTO)) {
                throw refused("holds an earlier run");
            } else {
                refuse(finished.get().identity(), "holds an earlier run, of other settings");
                done = finished;
                return;
            }
        }
        switch (settings.resume()) {
            case CheckpointSettings.AUTO -> from = acceptable(newest(warnings));
            case CheckpointSettings.NEVER -> {
                Optional<StoredCheckpoint> own = newest(warnings);
                if (own.isPresent() && earlier == Earlier.KEEP) {
                    throw refused("holds an unfinished run with %d steps, which resume=never would throw away"
                            .formatted(own.get().step()));
                }
                replacesCheckpoints = true;
            }
            default -> {
                from = Optional.of(named(settings.resume(), warnings));
                if (replacesCheckpoints && isOwn(from.get())) {
                    throw new SettingsException(
                            List.of("checkpoint.resume: cannot go on from %s: --overwrite removes it"
                                    .formatted(from.get().path())));
                }
                refuse(
                        from.get().checkpoint().identity(),
                        "cannot go on from %s, of other settings"
                                .formatted(from.get().path()));
                acceptable(isOwn(from.get()) ? from : newest(warnings));
            }
        }
        if (from.isEmpty()) {
            if (earlier == Earlier.KEEP && hasResults()) {
                throw refused("holds an earlier run");
            }
            replacesResults = true;
        }
    }

    /** The newest checkpoint in the folder that is not to be replaced. */
    private Optional<StoredCheckpoint> newest(Consumer<String> warnings) throws IOException {
        return replacesCheckpoints ? Optional.empty() : store.newest(warnings);
    }

    private void clear() throws IOException {
        if (replacesResults) {
            own.delete(FinishedRun.NAME); // first: without it no result counts
            own.delete(TENSORBOARD + "/");
            own.clearAllBut(Stream.concat(OWN.stream(), STUDY.stream()).toList());
            own.take(results);
        }
        if (replacesCheckpoints) {
            store.clear();
        }
    }

    /** A checkpoint of the run's own folder, if this run may go on from it; one of other settings is refused, or removed with all others. */
    private Optional<StoredCheckpoint> acceptable(Optional<StoredCheckpoint> own) throws IOException {
        if (own.isEmpty()) {
            return own;
        }
        RunIdentity theirs = own.get().checkpoint().identity();
        if (!identity.differencesFrom(theirs).isEmpty() && earlier == Earlier.OVERWRITE) {
            replacesCheckpoints = true;
            return Optional.empty();
        }
        refuse(
                theirs,
                "holds an unfinished run with %d steps, of other settings"
                        .formatted(own.get().step()));
        return own;
    }

    private StoredCheckpoint named(String path, Consumer<String> warnings) {
        try {
            return NamedCheckpoint.read(path, files.getConf(), warnings);
        } catch (IOException e) {
            SettingsException refused = new SettingsException(
                    List.of("checkpoint.resume: cannot go on from %s: %s".formatted(path, e.getMessage())));
            refused.initCause(e);
            throw refused;
        }
    }

    private boolean isOwn(StoredCheckpoint checkpoint) {
        Path theirs = checkpoint.path().getParent();
        return files.makeQualified(theirs).equals(files.makeQualified(store.root()));
    }

    private boolean hasResults() throws IOException {
        for (String name : results) {
            if (files.exists(new Path(folder, name))) {
                return true;
            }
        }
        return false;
    }

    private SettingsException refused(String why) {
        return new SettingsException(
                List.of("%s %s: add --overwrite, or name another with --name".formatted(folder, why)));
    }

    /** Refuses a run that differs from this one. */
    private void refuse(RunIdentity theirs, String why) {
        List<String> differences = identity.differencesFrom(theirs);
        if (!differences.isEmpty()) {
            String remedy = identity.isOfAnotherVersion(theirs)
                    ? "another version of this program made it. Add --overwrite to start anew"
                    : "undo the change, add --overwrite to start anew";
            throw new SettingsException(List.of("%s %s (%s): %s, or name another run with --name"
                    .formatted(folder, why, String.join("; ", differences), remedy)));
        }
    }

    /** Whether a run of these settings has ended here: there is nothing to do. */
    public boolean isDone() {
        return done.isPresent();
    }

    /**
     * Whether the run that has ended here was of these files, so that nobody need read them to know that it was of their pairs.
     *
     * @param dataFiles fingerprint of their names, lengths and times; empty if it is not known
     */
    public boolean wasOf(String dataFiles) {
        return !dataFiles.isEmpty()
                && done.filter(run -> run.files().equals(dataFiles)).isPresent();
    }

    public Lease lease() {
        return lease;
    }

    /** What was waited for, taken over and skipped when the folder was opened. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** What this run trains; with its data once {@link #start} has been called. */
    public RunIdentity identity() {
        return identity;
    }

    /**
     * Where the run goes on; empty if it starts anew, or is done.
     *
     * @param data fingerprint of the data set
     * @throws SettingsException if the checkpoint, or the run that has ended here, was of other data
     */
    public Optional<StoredCheckpoint> start(String data) throws IOException {
        identity = identity.withData(data);
        if (done.isPresent()) {
            refuse(done.get().identity(), "holds an earlier run, of other data");
        }
        if (from.isPresent()) {
            RunIdentity theirs = from.get().checkpoint().identity();
            if (!identity.differencesFrom(theirs).isEmpty() && earlier == Earlier.OVERWRITE && isOwn(from.get())) {
                store.clear();
                from = Optional.empty();
            } else {
                refuse(
                        theirs,
                        "cannot go on from %s, of other data"
                                .formatted(from.get().path()));
            }
        }
        return from;
    }

    /** The writer of this run's checkpoints, asked for after {@link #start}; the caller closes it. */
    public CheckpointWriter writer() {
        CheckpointWriter opened = new CheckpointWriter(store, lease, settings.keep(), from.filter(this::isOwn));
        from = Optional.empty(); // as large as the training's own state, and not needed any more
        writer = Optional.of(opened);
        return opened;
    }

    /** Steps that the newest checkpoint of this run holds; 0 if there is none. Any thread may ask. */
    public long saved() {
        return writer.map(CheckpointWriter::newest)
                .orElseGet(() ->
                        from.filter(this::isOwn).map(StoredCheckpoint::step).orElse(0L));
    }

    /**
     * Marks the run as ended: all its results have been written.
     *
     * @param dataFiles fingerprint of the names, lengths and times of the files of the data set, from before they were read; empty if it is not known
     */
    public void finish(String dataFiles) throws IOException {
        lease.check();
        FinishedRun.write(files, folder, identity, dataFiles);
    }

    /** Gives the folder up. */
    @Override
    public void close() {
        lease.close();
    }
}
