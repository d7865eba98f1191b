package siglip.job.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.SettingsException;
import siglip.job.files.Sha256;

class CheckpointStoreTest {
    private static final CheckpointStore.Fence OPEN = () -> {};

    @TempDir
    Path folder;

    private FileSystem disk;
    private final List<String> warnings = new ArrayList<>();

    @BeforeEach
    void openDisk() throws IOException {
        disk = new FaultyFiles(Samples.disk(), FaultyFiles.Kind.DISK, FaultyFiles.After.ALIVE);
    }

    @Test
    void whatWasWrittenComesBackBitForBitWithAllSteps() throws IOException {
        Checkpoint late = Samples.checkpoint(4, 9);
        store("run").write(late, first("run"), "one", OPEN);

        StoredCheckpoint newest = newest("run").orElseThrow();

        assertThat(Samples.bits(newest.checkpoint())).isEqualTo(Samples.bits(late));
        assertThat(newest.checkpoint().history().steps())
                .isEqualTo(Samples.checkpoint(0, 9).history().steps());
        assertThat(newest.stepFiles()).hasSize(2);
        assertThat(warnings).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void aWriterThatIsKilledAtAnyOperationLeavesTheOldCheckpointOrTheNew(FaultyFiles.Kind kind) throws IOException {
        FaultyFiles whole = new FaultyFiles(disk, kind, FaultyFiles.After.DEAD);
        store(whole, "whole").write(Samples.checkpoint(4, 9), first("whole"), "two", OPEN);
        assertThat(whole.operations()).isGreaterThan(5);

        int survived = 0;
        for (long k = 0; k < whole.operations(); k++) {
            FaultyFiles dying = new FaultyFiles(disk, kind, FaultyFiles.After.DEAD).breakingAtOperation(k);
            survived += killed(dying, "operation-" + kind + k, "killed at operation " + k);
        }
        assertThat(survived).as("the commit is the last operation but none").isLessThanOrEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource
    void aWriterThatIsKilledAtAnyByteThatMattersLeavesTheOldCheckpoint(FaultyFiles.Kind kind) throws IOException {
        FaultyFiles whole = new FaultyFiles(disk, kind, FaultyFiles.After.DEAD);
        StoredCheckpoint written = store(whole, "whole").write(Samples.checkpoint(4, 9), first("whole"), "two", OPEN);
        List<Long> boundaries = new ArrayList<>(List.of(0L, 1L));
        long end = 0;
        Manifest manifest = new CheckpointReader(disk, store("whole").root()).manifest(written.path());
        List<StoredFile> files = new ArrayList<>(manifest.files());
        files.add(manifest.steps().get(1));
        for (StoredFile file : files) {
            end += file.bytes();
            boundaries.addAll(List.of(end - file.bytes() / 2, end - 1, end, end + 1));
        }
        assertThat(end).as("then comes the manifest").isLessThan(whole.bytes());
        boundaries.addAll(List.of(whole.bytes() - 2, whole.bytes() - 1));

        for (long bytes : boundaries) {
            FaultyFiles dying = new FaultyFiles(disk, kind, FaultyFiles.After.DEAD).breakingAfterBytes(bytes);
            int survived = killed(dying, "bytes-" + kind + bytes, "killed after byte " + bytes);
            assertThat(survived).as("killed after byte %d", bytes).isZero();
        }
    }

    /** Lets a writer die, checks what is left, and that the run can go on from it; 1 if the checkpoint was committed. */
    private int killed(FaultyFiles dying, String name, String how) throws IOException {
        List<StoredFile> steps = first(name);
        assertThatThrownBy(() -> store(dying, name).write(Samples.checkpoint(4, 9), steps, "two", OPEN))
                .as(how)
                .isInstanceOf(IOException.class);

        StoredCheckpoint left = newest(name).orElseThrow();
        assertThat(left.step()).as(how).isIn(4L, 9L);
        assertThat(Samples.bits(left.checkpoint())).as(how).isEqualTo(Samples.bits(Samples.checkpoint(0, left.step())));
        assertThat(left.checkpoint().history().steps())
                .as("%s: each step once", how)
                .isEqualTo(Samples.checkpoint(0, left.step()).history().steps());

        StoredCheckpoint next = store(name).write(Samples.checkpoint(left.step(), 12), left.stepFiles(), "three", OPEN);
        store(name).prune(next, 1);
        assertThat(newest(name).orElseThrow().step()).as(how).isEqualTo(12);
        assertThat(newest(name).orElseThrow().checkpoint().history().steps())
                .isEqualTo(Samples.checkpoint(0, 12).history().steps());
        assertThat(files(name)).as("%s: pruned", how).noneMatch(file -> file.endsWith(".tmp"));
        return left.step() == 9 ? 1 : 0;
    }

    @ParameterizedTest
    @EnumSource
    void aFullDiskFailsTheWriteLeavesTheOldCheckpointAndNothingHalfWritten(FaultyFiles.Kind kind) throws IOException {
        List<StoredFile> steps = first("full");
        List<String> before = files("full");
        FaultyFiles full = new FaultyFiles(disk, kind, FaultyFiles.After.ALIVE).breakingAfterBytes(500_000);

        assertThatThrownBy(() -> store(full, "full").write(Samples.checkpoint(4, 9), steps, "two", OPEN))
                .isInstanceOf(IOException.class)
                .hasMessageEndingWith("/arm-a.f32: No space left on device");

        assertThat(files("full")).isEqualTo(before);
        assertThat(newest("full").orElseThrow().step()).isEqualTo(4);
        assertThat(warnings).isEmpty();
        assertThat(store(full, "full")
                        .write(Samples.checkpoint(4, 10), steps, "two", OPEN)
                        .step())
                .as("there is room again")
                .isEqualTo(10);
    }

    @Test
    void aFlippedBitInAnyFileIsFoundAndTheCheckpointBeforeIsTaken() throws IOException {
        List<StoredFile> steps = first("flip");
        StoredCheckpoint late = store("flip").write(Samples.checkpoint(4, 9), steps, "two", OPEN);
        String own = late.path().getName();
        List<String> files = new ArrayList<>(files("flip"));
        files.removeIf(file -> !file.startsWith(own) && !file.startsWith("steps/00000004"));
        assertThat(files).hasSize(5);

        for (String file : files) {
            Path path = folder.resolve("flip").resolve(file);
            byte[] content = Files.readAllBytes(path);
            for (int at : new int[] {0, content.length / 3, content.length / 2, content.length - 1}) {
                for (int bit : new int[] {0, 6}) {
                    content[at] ^= (byte) (1 << bit);
                    Files.write(path, content);
                    warnings.clear();

                    assertThat(newest("flip").orElseThrow().step())
                            .as("bit %d of byte %d of %s", bit, at, file)
                            .isEqualTo(4);
                    assertThat(warnings).singleElement().asString().contains(own, "damaged");

                    content[at] ^= (byte) (1 << bit);
                    Files.write(path, content);
                }
            }
        }
        assertThat(newest("flip").orElseThrow().step()).isEqualTo(9);
    }

    @Test
    void aFileThatIsShorterLongerOrGoneIsFoundAndNamed() throws IOException {
        List<StoredFile> steps = first("cut");
        StoredCheckpoint late = store("cut").write(Samples.checkpoint(4, 9), steps, "two", OPEN);
        Path state = folder.resolve("cut").resolve(late.path().getName()).resolve("state.json");
        byte[] content = Files.readAllBytes(state);

        Files.write(state, java.util.Arrays.copyOf(content, content.length - 1));
        assertThat(newest("cut").orElseThrow().step()).isEqualTo(4);
        Files.write(state, java.util.Arrays.copyOf(content, content.length + 1));
        assertThat(newest("cut").orElseThrow().step()).isEqualTo(4);
        Files.delete(state);
        assertThat(newest("cut").orElseThrow().step()).isEqualTo(4);
        Files.delete(state.resolveSibling("MANIFEST.json"));
        assertThat(newest("cut").orElseThrow().step()).isEqualTo(4);

        assertThat(warnings).hasSize(4);
        assertThat(warnings.get(0))
                .contains("state.json has %d bytes".formatted(content.length - 1), "its manifest says");
        assertThat(warnings.get(2)).contains("state.json is missing");
        assertThat(warnings.get(3)).contains("half-written: it has no MANIFEST.json");
    }

    @Test
    void aCheckpointOfAnOlderFormatIsRefusedInWords() throws IOException {
        List<StoredFile> steps = first("old");
        StoredCheckpoint late = store("old").write(Samples.checkpoint(4, 9), steps, "two", OPEN);
        Path manifest = folder.resolve("old").resolve(late.path().getName()).resolve("MANIFEST.json");
        Files.writeString(
                manifest, Files.readString(manifest).replace("\"format\" : " + Manifest.FORMAT, "\"format\" : 1"));

        assertThat(newest("old").orElseThrow().step()).isEqualTo(4);

        assertThat(warnings)
                .singleElement()
                .asString()
                .contains("MANIFEST.json has format 1, this program reads " + Manifest.FORMAT);
    }

    @Test
    void aManifestThatNamesFilesElsewhereIsRefused() throws IOException {
        List<StoredFile> steps = first("elsewhere");
        StoredCheckpoint late = store("elsewhere").write(Samples.checkpoint(4, 9), steps, "two", OPEN);
        Path file = folder.resolve("elsewhere").resolve(late.path().getName()).resolve("MANIFEST.json");
        Manifest whole = Manifest.parse(Files.readAllBytes(file));
        for (String path : List.of("../x/state.json", "x/..", "../x", "/etc/passwd", "file:/etc/passwd", "x", "")) {
            Manifest forged = forged(whole, whole.files(), List.of(new StoredFile(path, 1, "0")));
            assertThatThrownBy(() -> Manifest.parse(forged.bytes()))
                    .isInstanceOf(DamagedException.class)
                    .hasMessage("MANIFEST.json names a file outside its folder: " + path);
        }
    }

    /** A manifest of other files, whose own hash is right. */
    private static Manifest forged(Manifest whole, List<StoredFile> files, List<StoredFile> steps) {
        return new Manifest(
                whole.format(),
                "0".repeat(64),
                whole.owner(),
                whole.step(),
                whole.ranks(),
                whole.settingsFingerprint(),
                whole.settings(),
                whole.data(),
                whole.numerics(),
                files,
                steps);
    }

    /** Hashes do not tell who wrote a file. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"arms\" : \\[[^$]*\\],\n  \"incidents\"/\"arms\" : null,\n  \"incidents\"",
                "\"numerics\" : \"[^\"]*\"/\"numerics\" : \"garbage\"",
                "\"started\" : \"[^\"]*\"/\"started\" : \"yesterday\"",
                "\"step\" : [0-9]+,\n  \"attempts\"/\"step\" : 1000000,\n  \"attempts\"",
                "\"slots\" : \\{/\"slots\" : null, \"other\" : {",
                "\"spentSeconds\" : [^\n]*/\"spentSeconds\" : \"long\""
            })
    void aStateThatThisProgramDoesNotWriteIsSkippedThoughItsHashesAreRight(String change) throws IOException {
        List<StoredFile> steps = first("forged");
        StoredCheckpoint late = store("forged").write(Samples.checkpoint(4, 9), steps, "two", OPEN);
        Path own = folder.resolve("forged").resolve(late.path().getName());
        String[] replacement = change.split("/", 2);
        String text = Files.readString(own.resolve("state.json"));
        String forged = text.replaceFirst(replacement[0], replacement[1]);
        assertThat(forged).as("the change changes something").isNotEqualTo(text);
        byte[] state = forged.getBytes(StandardCharsets.UTF_8);
        Files.write(own.resolve("state.json"), state);
        Manifest whole = Manifest.parse(Files.readAllBytes(own.resolve("MANIFEST.json")));
        List<StoredFile> files = whole.files().stream()
                .map(file -> file.path().endsWith("/state.json")
                        ? new StoredFile(file.path(), state.length, Sha256.of(state))
                        : file)
                .toList();
        Files.write(
                own.resolve("MANIFEST.json"),
                forged(whole, files, whole.steps()).bytes());

        assertThat(newest("forged").orElseThrow().step()).isEqualTo(4);
        assertThat(warnings).singleElement().asString().contains("skipped the checkpoint");
    }

    @Test
    void whatCannotBeTakenUpIsToldWithThePathOfTheCheckpoint() throws IOException {
        first("foreign");
        StoredCheckpoint stored = newest("foreign").orElseThrow();

        assertThat(stored.<Long>take(held -> held.training().step())).isEqualTo(4);
        assertThatThrownBy(() -> stored.take(held -> {
                    throw new IllegalArgumentException("Cannot go on from a snapshot of the arms [x]\ndetails");
                }))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(stored.path().toString())
                .hasMessageContaining("snapshot of the arms [x]. Remove it");
    }

    @Test
    void aHashThatIsAPatternIsNone() throws IOException {
        List<StoredFile> steps = first("pattern");
        StoredCheckpoint late = store("pattern").write(Samples.checkpoint(4, 9), steps, "two", OPEN);
        Path file = folder.resolve("pattern").resolve(late.path().getName()).resolve("MANIFEST.json");
        String text = Files.readString(file);
        String hash = Manifest.parse(text.getBytes(StandardCharsets.UTF_8)).sha256();
        String slow = text.replace(hash, "(\\\\w+\\\\s*)+%"); // goes through all ways to cut a line of words

        assertTimeout(Duration.ofSeconds(20), () -> assertThatThrownBy(() ->
                        Manifest.parse(slow.replace("two", "a".repeat(200)).getBytes(StandardCharsets.UTF_8)))
                .hasMessageContaining("SHA-256"));
    }

    @Test
    void twoWritersAtOnceDoNotMix() throws Exception {
        List<StoredFile> steps = first("two");
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            CyclicBarrier start = new CyclicBarrier(2);
            List<Future<StoredCheckpoint>> writers = new ArrayList<>();
            for (String owner : List.of("two", "three")) {
                writers.add(threads.submit(() -> {
                    start.await(10, TimeUnit.SECONDS);
                    return store("two").write(Samples.checkpoint(4, 9), steps, owner, OPEN);
                }));
            }
            for (Future<StoredCheckpoint> writer : writers) {
                StoredCheckpoint written =
                        store("two").read(writer.get(30, TimeUnit.SECONDS).path());
                assertThat(Samples.bits(written.checkpoint())).isEqualTo(Samples.bits(Samples.checkpoint(4, 9)));
            }
            assertThat(newest("two").orElseThrow().step()).isEqualTo(9);
            assertThat(warnings).isEmpty();
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aWriterThatMayNoLongerWriteCommitsNothing() throws IOException {
        List<StoredFile> steps = first("fenced");

        assertThatThrownBy(() -> store("fenced").write(Samples.checkpoint(4, 9), steps, "two", () -> {
                    throw new IOException("taken over");
                }))
                .hasMessage("taken over");

        assertThat(newest("fenced").orElseThrow().step()).isEqualTo(4);
    }

    @Test
    void pruningKeepsTheNewestThatAreWholeAndTheStepsThatTheyNeed() throws IOException {
        StoredCheckpoint last = store("prune").write(Samples.checkpoint(0, 2), List.of(), "one", OPEN);
        for (long step : new long[] {4, 6, 8}) {
            last = store("prune").write(Samples.checkpoint(step - 2, step), last.stepFiles(), "one", OPEN);
        }
        Files.delete(folder.resolve("prune").resolve("step-00000006-one").resolve("state.json"));
        Files.writeString(
                folder.resolve("prune").resolve("steps").resolve("00000004-00000007-lost.jsonl"), "left over");

        store("prune").prune(last, 2);

        assertThat(files("prune").stream()
                        .map(file -> file.replaceFirst("/.*", ""))
                        .distinct())
                .as("the one of step 6 is damaged, so that of step 4 stays")
                .containsExactlyInAnyOrder("step-00000004-one", "step-00000008-one", "steps");
        assertThat(files("prune").stream().filter(file -> file.startsWith("steps/")))
                .hasSize(4);
        assertThat(newest("prune").orElseThrow().step()).isEqualTo(8);
    }

    @Test
    void pruningNeverRemovesTheLastValidOne() throws IOException {
        StoredCheckpoint valid = store("last").write(Samples.checkpoint(0, 4), List.of(), "one", OPEN);
        for (int step = 5; step < 9; step++) {
            Path damaged =
                    Files.createDirectories(folder.resolve("last").resolve("step-0000000%d-two".formatted(step)));
            Files.writeString(damaged.resolve("MANIFEST.json"), "{}");
        }

        for (int keep = 1; keep < 4; keep++) {
            store("last").prune(valid, keep);
            assertThat(newest("last").orElseThrow().step()).as("keep %d", keep).isEqualTo(4);
        }
    }

    @Test
    void aPruneThatIsKilledAtAnyOperationLeavesTheNewest() throws IOException {
        for (long k = 0; k < 60; k++) {
            String name = "prune" + k;
            StoredCheckpoint last = store(name).write(Samples.checkpoint(0, 2), List.of(), "one", OPEN);
            for (long step : new long[] {4, 6}) {
                last = store(name).write(Samples.checkpoint(step - 2, step), last.stepFiles(), "one", OPEN);
            }
            FaultyFiles dying =
                    new FaultyFiles(disk, FaultyFiles.Kind.DISK, FaultyFiles.After.DEAD).breakingAtOperation(k);
            boolean ended = false;
            try {
                store(dying, name).prune(last, 1);
                ended = true;
            } catch (IOException killed) {
                assertThat(killed).hasMessageMatching("killed|broken on purpose");
            }
            assertThat(newest(name).orElseThrow().step())
                    .as("killed at operation %d", k)
                    .isEqualTo(6);
            if (ended) {
                assertThat(k).as("operations of a prune").isGreaterThan(4);
                return;
            }
        }
        throw new AssertionError("a prune of three checkpoints has fewer than 60 operations");
    }

    private CheckpointStore store(String name) {
        return store(disk, name);
    }

    private CheckpointStore store(FileSystem files, String name) {
        return new CheckpointStore(
                files, new org.apache.hadoop.fs.Path(folder.resolve(name).toString()));
    }

    /** Writes the checkpoint of step 4 and gives the files of its steps. */
    private List<StoredFile> first(String name) throws IOException {
        return store(name)
                .write(Samples.checkpoint(0, 4), List.of(), "one", OPEN)
                .stepFiles();
    }

    private Optional<StoredCheckpoint> newest(String name) throws IOException {
        return store(name).newest(warnings::add);
    }

    private List<String> files(String name) {
        Path root = folder.resolve(name);
        try (Stream<Path> all = Files.walk(root)) {
            return all.filter(Files::isRegularFile)
                    .map(file -> root.relativize(file).toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
