package siglip.job.runs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.checkpoint.RunIdentity;
import siglip.job.files.WholeFile;

/**
 * {@code run.json}: says that a run has ended and all its results are there. Written last.
 *
 * @param format rises when an older program could not read it
 * @param finished when
 * @param settingsFingerprint SHA-256 of the settings below
 * @param settings those that decide what is trained
 * @param data fingerprint of the data set
 * @param files fingerprint of the names, lengths and times of the files where the data lay; empty if it is not known, as in format 1
 */
record FinishedRun(
        int format,
        String finished,
        String settingsFingerprint,
        Map<String, String> settings,
        String data,
        String files) {
    static final String NAME = "run.json";

    private static final int FORMAT = 2;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    FinishedRun {
        settings = new TreeMap<>(settings);
        files = files == null ? "" : files;
    }

    static void write(FileSystem system, Path run, RunIdentity identity, String files) throws IOException {
        FinishedRun marker = new FinishedRun(
                FORMAT, Instant.now().toString(), identity.fingerprint(), identity.settings(), identity.data(), files);
        WholeFile.create(system, new Path(run, NAME), out -> out.write(JSON.writeValueAsBytes(marker)));
    }

    /** What the run trained. */
    RunIdentity identity() {
        return new RunIdentity(settings, data);
    }

    /**
     * The run that has ended in a folder, if one has.
     *
     * @throws IOException if it cannot be read, or has another format
     */
    static Optional<FinishedRun> read(FileSystem system, Path run) throws IOException {
        Path path = new Path(run, NAME);
        try (InputStream in = system.open(path)) {
            FinishedRun marker = JSON.readValue(in.readAllBytes(), FinishedRun.class);
            if (marker.format > FORMAT) {
                throw new IOException(
                        "Cannot read %s: it has format %d, this program reads %d. Delete the folder, or name another run"
                                .formatted(path, marker.format, FORMAT));
            }
            return Optional.of(marker);
        } catch (FileNotFoundException none) {
            return Optional.empty();
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IOException("%s cannot be read: %s".formatted(path, e.getOriginalMessage()), e);
        }
    }
}
