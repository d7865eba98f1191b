package siglip.job.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import siglip.job.files.Sha256;

/**
 * {@code MANIFEST.json}: what a checkpoint consists of. It is written last, and its being there is the commit. It carries its own hash, taken with zeros
 * in the hash's place.
 *
 * @param format rises when an older program could not read it
 * @param sha256 of this manifest
 * @param owner id of the driver that wrote it
 * @param step completed steps of all arms that go on
 * @param ranks how many computed it
 * @param settingsFingerprint SHA-256 of the settings below
 * @param settings those that decide what is trained
 * @param data fingerprint of the data set
 * @param numerics what computed
 * @param files of this checkpoint
 * @param steps files of step records, from step 0 on; checkpoints share them
 */
public record Manifest(
        int format,
        String sha256,
        String owner,
        long step,
        int ranks,
        String settingsFingerprint,
        Map<String, String> settings,
        String data,
        String numerics,
        List<StoredFile> files,
        List<StoredFile> steps) {
    public static final String NAME = "MANIFEST.json";
    static final int FORMAT = 3;

    /** No manifest is near this size; what claims to be one and is longer is none. */
    static final int MOST_BYTES = 64 << 20;

    /** A folder and a file, neither of which is a dot or two. */
    private static final Pattern INSIDE = Pattern.compile("(?!\\.{1,2}/)[^/:]+/(?!\\.{1,2}$)[^/]+");

    private static final String ZEROS = "0".repeat(64);
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    public Manifest {
        settings = new TreeMap<>(settings);
        files = List.copyOf(files);
        steps = List.copyOf(steps);
    }

    static Manifest of(Checkpoint checkpoint, String owner, List<StoredFile> files, List<StoredFile> steps) {
        RunIdentity identity = checkpoint.identity();
        return new Manifest(
                FORMAT,
                ZEROS,
                owner,
                checkpoint.training().step(),
                checkpoint.ranks(),
                identity.fingerprint(),
                identity.settings(),
                identity.data(),
                checkpoint.training().numerics().toString(),
                files,
                steps);
    }

    RunIdentity identity() {
        return new RunIdentity(settings, data);
    }

    /** All files that it names. */
    Stream<StoredFile> all() {
        return Stream.concat(files.stream(), steps.stream());
    }

    byte[] bytes() throws IOException {
        String blank = JSON.writeValueAsString(this);
        return blank.replaceFirst(ZEROS, Sha256.of(blank.getBytes(StandardCharsets.UTF_8)))
                .getBytes(StandardCharsets.UTF_8);
    }

    /** @throws DamagedException if these are not the bytes of a manifest that this program wrote */
    static Manifest parse(byte[] bytes) throws DamagedException {
        Manifest manifest;
        try {
            manifest = JSON.readValue(bytes, Manifest.class);
        } catch (IOException | RuntimeException e) {
            throw new DamagedException("%s is damaged: it is not JSON of the right form".formatted(NAME), e);
        }
        if (manifest.format != FORMAT) {
            throw new DamagedException(
                    "%s has format %d, this program reads %d".formatted(NAME, manifest.format, FORMAT));
        }
        String blank = manifest.sha256 == null
                ? ""
                : new String(bytes, StandardCharsets.UTF_8)
                        .replaceFirst(Pattern.quote(manifest.sha256), ZEROS); // of a file that says what it likes
        if (!Sha256.of(blank.getBytes(StandardCharsets.UTF_8)).equals(manifest.sha256)) {
            throw new DamagedException("%s is damaged: its SHA-256 is not that of its content".formatted(NAME));
        }
        Optional<StoredFile> outside = manifest.all()
                .filter(file -> !INSIDE.matcher(file.path()).matches())
                .findFirst();
        if (outside.isPresent()) {
            throw new DamagedException("%s names a file outside its folder: %s"
                    .formatted(NAME, outside.get().path()));
        }
        return manifest;
    }
}
