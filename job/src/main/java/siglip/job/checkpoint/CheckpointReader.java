package siglip.job.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.files.Sha256;
import siglip.job.stage.Fingerprint;
import siglip.job.training.ArmSnapshot;
import siglip.job.training.StepJson;
import siglip.job.training.StepRecord;
import siglip.job.training.TrainingSnapshot;

/** Reads one checkpoint, and believes nothing that its manifest's sizes and hashes do not confirm. */
final class CheckpointReader {
    private final FileSystem files;
    private final Path root;

    /** @param root folder of all checkpoints, which the paths of manifests start from */
    CheckpointReader(FileSystem files, Path root) {
        this.files = files;
        this.root = root;
    }

    /** Makes something of a file's content; need not read it to its end. */
    private interface Parser<T> {
        T parse(InputStream in) throws IOException;
    }

    /** @throws IOException if the checkpoint is damaged, half-written or cannot be read; the message says which */
    StoredCheckpoint read(Path folder) throws IOException {
        Manifest manifest = manifest(folder);
        try {
            return read(folder, manifest);
        } catch (RuntimeException e) { // hashes are right, but somebody else wrote it
            throw new DamagedException("%s holds what this program does not write".formatted(StateFile.NAME), e);
        }
    }

    private StoredCheckpoint read(Path folder, Manifest manifest) throws IOException {
        StateFile state = parse(only(manifest, folder, StateFile.NAME), StateFile::read);
        List<ArmSnapshot> arms = new ArrayList<>();
        for (StateFile.Arm arm : state.arms()) {
            StoredFile file = only(manifest, folder, arm.file());
            if (arm.dense() < 0 || arm.table() < 0 || arm.bytes() != file.bytes()) {
                throw new DamagedException("%s has %d bytes, arm %s needs %d"
                        .formatted(file.path(), file.bytes(), arm.name(), arm.bytes()));
            }
            arms.add(parse(file, arm::read));
        }
        List<StepRecord> steps = new ArrayList<>();
        for (StoredFile file : manifest.steps()) {
            steps.addAll(parse(file, StepJson::read));
        }
        checkWhole(steps, state);
        return new StoredCheckpoint(
                folder,
                new Checkpoint(
                        manifest.identity(),
                        manifest.ranks(),
                        new TrainingSnapshot(state.step(), state.attempts(), Fingerprint.parse(state.numerics()), arms),
                        new History(steps, state.incidents(), state.notes(), state.begun(), state.spent())),
                manifest.steps());
    }

    /** The manifest of a folder, itself whole; the files that it names may be not. */
    Manifest manifest(Path folder) throws IOException {
        Path path = new Path(folder, Manifest.NAME);
        if (!files.exists(path)) {
            throw new DamagedException("it is half-written: it has no %s".formatted(Manifest.NAME));
        }
        FileStatus status = files.getFileStatus(path);
        if (status.getLen() > Manifest.MOST_BYTES) {
            throw new DamagedException("%s has %d bytes: none is so long".formatted(Manifest.NAME, status.getLen()));
        }
        byte[] bytes = new byte[(int) status.getLen()];
        try (FSDataInputStream in = files.open(path)) {
            in.readFully(0, bytes);
        }
        return Manifest.parse(bytes);
    }

    /** @throws DamagedException if a file that the manifest names is not there, or of another size; contents are not read */
    void checkSizes(Manifest manifest) throws IOException {
        for (StoredFile file : manifest.all().toList()) {
            checkSize(file);
        }
    }

    private void checkSize(StoredFile file) throws IOException {
        Path path = new Path(root, file.path());
        if (!files.exists(path)) {
            throw new DamagedException("%s is missing".formatted(file.path()));
        }
        long found = files.getFileStatus(path).getLen();
        if (found != file.bytes()) {
            throw new DamagedException(
                    "%s has %d bytes, its manifest says %d".formatted(file.path(), found, file.bytes()));
        }
    }

    private <T> T parse(StoredFile file, Parser<T> parser) throws IOException {
        checkSize(file);
        try (FSDataInputStream in = files.open(new Path(root, file.path()))) {
            DigestInputStream hashed = new DigestInputStream(in, Sha256.digest());
            T parsed = null;
            IOException unreadable = null;
            try {
                parsed = parser.parse(new Unclosed(hashed));
            } catch (IOException | RuntimeException e) {
                unreadable = e instanceof IOException io ? io : new IOException(e);
            }
            hashed.transferTo(java.io.OutputStream.nullOutputStream());
            if (!Sha256.text(hashed.getMessageDigest()).equals(file.sha256())) {
                throw new DamagedException(
                        "%s is damaged: its SHA-256 is not that of its manifest".formatted(file.path()));
            }
            if (unreadable != null) {
                throw unreadable;
            }
            return parsed;
        }
    }

    private StoredFile only(Manifest manifest, Path folder, String name) throws DamagedException {
        String path = folder.getName() + "/" + name;
        return manifest.files().stream()
                .filter(file -> file.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new DamagedException("%s does not name %s".formatted(Manifest.NAME, path)));
    }

    /** Every step of every arm is there, once, in order. */
    private static void checkWhole(List<StepRecord> steps, StateFile state) throws DamagedException {
        Map<String, Long> next = new HashMap<>();
        state.arms().forEach(arm -> next.put(arm.name(), 0L));
        for (StepRecord step : steps) {
            if (step.step() != next.getOrDefault(step.arm(), -1L)) {
                throw new DamagedException("its step records are not whole: after step %d of arm %s comes step %d"
                        .formatted(next.getOrDefault(step.arm(), 0L) - 1, step.arm(), step.step()));
            }
            next.merge(step.arm(), 1L, Long::sum);
        }
        for (StateFile.Arm arm : state.arms()) {
            if (arm.nextStep() > state.step() || (arm.stopped() == null && arm.nextStep() < state.step())) {
                throw new DamagedException("it is of step %d, but arm %s has done %d steps"
                        .formatted(state.step(), arm.name(), arm.nextStep()));
            }
            if (next.get(arm.name()) != arm.nextStep()) {
                throw new DamagedException("its step records are not whole: arm %s has %d of %d"
                        .formatted(arm.name(), next.get(arm.name()), arm.nextStep()));
            }
        }
    }

    /** Parsers may close what they read from; the rest of the file has still to be hashed. */
    private static final class Unclosed extends java.io.FilterInputStream {
        Unclosed(InputStream in) {
            super(in);
        }

        @Override
        public void close() {}
    }
}
