package siglip.job.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.checkpoint.FaultyFiles;
import siglip.job.checkpoint.Samples;
import siglip.job.config.SettingsException;

@Timeout(60)
class LeaseTest {
    private static final Duration SHORT = Duration.ofSeconds(1);

    @TempDir
    Path run;

    private FileSystem disk;
    private final List<String> messages = new ArrayList<>();

    @BeforeEach
    void openDisk() throws IOException {
        disk = Samples.disk();
    }

    @Test
    void aFolderThatWasGivenUpIsFreeAtOnce() throws IOException {
        take(false).close();
        try (Lease second = take(false)) {
            second.check();
        }
        assertThat(messages).isEmpty();
        assertThat(claims())
                .singleElement()
                .asString()
                .contains("-released.json")
                .startsWith("00000002-");
    }

    @Test
    void aSecondDriverBesideTheFirstIsRefusedAndTheFirstGoesOn() throws IOException {
        try (Lease first = take(false)) {
            assertThatThrownBy(() -> take(false))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining(first.id())
                    .hasMessageContaining("is at work on the run in")
                    .hasMessageContaining("--take-over");
            first.check();
            first.ensureHeld();
        }
    }

    @Test
    void aDriverThatIsTakenOverFromStopsWritingAndEnds() throws Exception {
        try (Lease first = take(false);
                Lease second = take(true)) {
            assertThatThrownBy(first::check).isInstanceOf(IOException.class).hasMessageContaining(second.id());
            assertThatThrownBy(first::ensureHeld)
                    .isInstanceOf(LeaseLostException.class)
                    .hasMessageContaining("has taken it over");
            second.check();
        }
        assertThat(messages).singleElement().asString().startsWith("taking over from driver");
        assertThat(claims()).as("the first one's end leaves no claim").hasSize(1);
    }

    @Test
    void aDriverNoticesByItselfThatItWasTakenOverFrom() throws Exception {
        try (Lease first = take(false);
                Lease second = take(true)) {
            awaitLost(first);
            second.ensureHeld();
        }
    }

    @Test
    void aDriverThatRenewsNoMoreCountsAsGoneAfterTheLease() throws IOException {
        Owner elsewhere = new Owner("abc", "elsewhere", 1, "", "", "yesterday", SHORT.toMillis());
        claims(new Claim(7, "abc", 41), elsewhere);

        try (Lease next = take(false)) {
            next.check();
        }
        assertThat(messages).hasSize(2);
        assertThat(messages.get(0)).startsWith("waiting up to 1 s").contains("process 1 on elsewhere");
        assertThat(messages.get(1)).contains("has not renewed its claim for 1 s");
        assertThat(claims()).singleElement().asString().startsWith("00000008-");
    }

    @Test
    void aDriverWhoseProcessHasEndedOnThisMachineIsNotWaitedFor() throws Exception {
        Process process = new ProcessBuilder("sleep", "60").start();
        Owner self = Owner.self(SHORT);
        Owner other = new Owner(
                "abc",
                self.host(),
                process.pid(),
                process.info().startInstant().orElseThrow().toString(),
                self.processes(),
                self.claimed(),
                SHORT.toMillis());
        try {
            assertThat(other.isKnownDead()).isFalse();
        } finally {
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        assertThat(other.isKnownDead()).isTrue();
        assertThat(self.isKnownDead()).isFalse();
        claims(new Claim(1, "abc", 3), other);

        take(false).close();

        assertThat(messages).singleElement().asString().contains("has ended without giving the run up");
    }

    @Test
    void ofTwoThatClaimAtTheSameTimeOneGoesOn() throws Exception {
        try (Lease first = take(false)) {
            Owner rival = Owner.self(SHORT);
            claims(new Claim(1, "zzzzzzzzzzzz", 0), rival); // of the same term, and later in the order

            assertThatThrownBy(first::check).hasMessageContaining("zzzzzzzzzzzz");
            awaitLost(first);
        }
        assertThat(claims().get(claims().size() - 1)).as("the highest claim").contains("zzzzzzzzzzzz");
    }

    @Test
    void aClaimOutlivesAStoreThatFailsForAWhile() throws Exception {
        FaultyFiles faulty = new FaultyFiles(disk, FaultyFiles.Kind.DISK, FaultyFiles.After.ALIVE);
        try (Lease lease = Lease.take(faulty, folder(), SHORT, false, messages::add)) {
            for (int i = 0; i < 3; i++) {
                String before = newest();
                faulty.breakingAtOperation(i);
                long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
                while (newest().equals(before)) {
                    assertThat(System.nanoTime()).as("the claim is renewed").isLessThan(deadline);
                    Thread.sleep(20);
                }
            }
            lease.ensureHeld();
        }
    }

    private static void awaitLost(Lease lease) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (System.nanoTime() < deadline) {
            try {
                lease.ensureHeld();
            } catch (LeaseLostException lost) {
                return;
            }
            Thread.sleep(20);
        }
        throw new AssertionError("the lease was not lost in 20 s");
    }

    private Lease take(boolean takeOver) throws IOException {
        return Lease.take(disk, folder(), SHORT, takeOver, messages::add);
    }

    private org.apache.hadoop.fs.Path folder() {
        return new org.apache.hadoop.fs.Path(run.resolve("claims").toString());
    }

    private void claims(Claim claim, Owner owner) throws IOException {
        new ClaimFiles(disk, folder()).write(claim, owner);
    }

    /** The newest claim; a listing taken while one replaces the other may show neither, and says nothing. */
    private String newest() {
        while (true) {
            List<String> listed = claims();
            if (!listed.isEmpty()) {
                return listed.get(listed.size() - 1);
            }
        }
    }

    private List<String> claims() {
        String[] names = run.resolve("claims").toFile().list();
        return names == null
                ? List.of()
                : java.util.Arrays.stream(names)
                        .filter(name -> !name.startsWith("."))
                        .sorted()
                        .toList();
    }
}
