package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.cli.FaultyRuns.Heard;
import siglip.job.cli.FaultyRuns.Run;
import siglip.job.formats.DataException;
import siglip.job.ring.Connections;
import siglip.job.stage.SlotsException;
import siglip.job.stage.TrainingException;
import siglip.job.training.FailingSource;

/**
 * What can break in the middle of a comparison does, on executors that are Java machines of their own; afterwards the models are those
 * of a run that nothing disturbed, bit for bit.
 */
@Timeout(180)
class FaultsIT {
    private static final int STEPS = 48; // the fault must come up before the last of them
    private static final long STRUCK = 4;

    @TempDir
    private static Path folder;

    private static FaultyRuns runs;

    @BeforeAll
    static void runUndisturbed() throws IOException {
        runs = new FaultyRuns(folder, STEPS);
    }

    @AfterAll
    static void stop() {
        if (runs != null) {
            runs.close();
        }
    }

    @AfterEach
    void nothingIsLeftBehindInTheDriver() throws IOException {
        runs.assertNothingIsLeftBehind();
    }

    @Test
    void anExecutorThatIsKilledCostsTheStepInProgress() throws IOException {
        int victim = runs.executors().keySet().iterator().next();
        ProcessHandle process = runs.executors().get(victim);
        Run run = disturbed("killed", () -> ExecutorProcesses.kill(process));

        assertMended(run, "executor %d on ".formatted(victim), "is lost: Command exited with code 137");
        assertThat(runs.executors()).doesNotContainKey(victim).hasSize(FaultyRuns.RANKS);
    }

    @Test
    void aTaskThatThrowsCostsTheStepInProgress() throws IOException {
        Run run = disturbed("throws", 1, () -> {
            throw new IllegalStateException("a broken disk");
        });

        assertMended(run, "Rank 1 failed: ", "a broken disk", "; executor ");
    }

    @Test
    void anExecutorThatFreezesIsReplaced() throws IOException {
        int victim = runs.executors().keySet().iterator().next();
        ProcessHandle process = runs.executors().get(victim);
        Run run = disturbed(
                "frozen", () -> ExecutorProcesses.freeze(process), "ring.heartbeat=500 ms", "ring.silence=5 s");

        assertMended(run, "no heartbeat for 5 s", "executor %d on ".formatted(victim), "is replaced");
    }

    @Test
    void aConnectionThatIsResetCostsTheStepInProgressAndNoExecutor() throws IOException {
        Map<Integer, ProcessHandle> executors = runs.executors();
        Run run = disturbed("reset", 1, () -> Connections.reset(1, 0));

        assertMended(run, "The connection to rank ", " closed", "is still there");
        assertThat(runs.executors()).isEqualTo(executors);
    }

    @Test
    void anErrorThatNoOtherAttemptCanMendEndsTheRunAtOnce() {
        Heard heard = new Heard(record -> {});
        assertThatThrownBy(() -> runs.run("hopeless", heard, 1, STRUCK, () -> {
                    throw new DataException("Cannot read a pair: the file is not what it was");
                }))
                .isInstanceOf(TrainingException.class)
                .hasMessageStartingWith("Cannot go on: attempt 1 ended at step 4: Rank 1 failed: ")
                .hasMessageContaining("the file is not what it was");
        assertThat(heard.incidents).isEmpty();
        assertThat(heard.steps).hasSize(2 * (int) STRUCK);
    }

    @Test
    void withFewerSlotsThanRanksTheRunWaitsUntilTheyAreBack() throws IOException {
        ExecutorService later = Executors.newSingleThreadExecutor();
        try {
            Run run = disturbed("waits", () -> {
                loseAnExecutorForGood();
                later.execute(() -> {
                    FaultyRuns.pause(2000);
                    runs.allow(FaultyRuns.RANKS);
                });
            });
            assertMended(run, "is lost");
        } finally {
            runs.allow(FaultyRuns.RANKS);
            later.shutdownNow();
        }
    }

    @Test
    void withFewerSlotsThanRanksForTooLongTheRunGivesUpAndSaysWhatItWaitedFor() {
        try {
            assertThatThrownBy(() -> disturbed("gives-up", FaultsIT::loseAnExecutorForGood, "ring.slots-timeout=2 s"))
                    .isInstanceOf(SlotsException.class)
                    .hasMessageContaining("Gave up after 2 s (ring.slots-timeout)")
                    .hasMessageContaining("2 tasks of 1 cores have to start together, and the cluster has room for 1")
                    .satisfies(e -> assertThat(ExitCode.of(e)).isEqualTo(ExitCode.CLUSTER));
        } finally {
            runs.allow(FaultyRuns.RANKS);
        }
    }

    private static void loseAnExecutorForGood() {
        runs.allow(FaultyRuns.RANKS - 1);
        ExecutorProcesses.kill(runs.executors().values().iterator().next());
    }

    /** A run in whose middle the driver does something to its executors. */
    private static Run disturbed(String name, Runnable fault, String... more) throws IOException {
        Heard heard = new Heard(record -> {
            if (record.step() == STRUCK && record.arm().equals("siglip")) {
                fault.run();
            }
        });
        return runs.run(name, heard, more);
    }

    /** A run in whose middle something happens to a rank. */
    private static Run disturbed(String name, int rank, FailingSource.Fault fault) throws IOException {
        return runs.run(name, new Heard(record -> {}), rank, STRUCK, fault);
    }

    private static void assertMended(Run run, String... incident) {
        assertThat(run.result().incidents()).hasSize(2);
        assertThat(run.result().incidents().get(0))
                .startsWith("attempt 1 ended at step ")
                .contains(incident);
        assertThat(run.result().incidents().get(1)).startsWith("attempt 2 went on with step ");
        assertThat(run.heard().recoveries).hasSize(1);
        runs.assertAsUndisturbed(run);
    }
}
