package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.stage.Recovery;
import siglip.job.training.StepRecord;

/**
 * Executors are killed again and again through one run, and the models are those of an undisturbed one, bit for bit. Quick here;
 * {@code scripts/soak} kills more often.
 */
class SoakIT {
    private static final int KILLS = Integer.getInteger("soak.kills", 2);
    private static final long SEED = Long.getLong("soak.seed", 1);

    /** Steps between two kills, at most. */
    private static final int PAUSE = 20;

    @TempDir
    private static Path folder;

    @Test
    @Timeout(3600)
    void aRunThatLosesExecutorAfterExecutorTrainsTheSameModels() throws IOException {
        try (FaultyRuns runs = new FaultyRuns(folder, (KILLS + 1) * PAUSE)) {
            Killer killer = new Killer(runs);
            FaultyRuns.Run run = runs.run("soak", killer, "training.attempts=10");

            runs.assertAsUndisturbed(run);
            assertThat(killer.killed).isEqualTo(KILLS);
            assertThat(killer.recoveries).isNotEmpty();
            runs.assertNothingIsLeftBehind();
            killer.tell();
        }
    }

    /** Kills a random executor after a random number of steps, as often as asked for. */
    private static final class Killer extends FaultyRuns.Heard {
        private final FaultyRuns runs;
        private final SplittableRandom random = new SplittableRandom(SEED);
        private final List<Double> seconds = new ArrayList<>();
        private long next = 1;
        private int killed;
        private int victim;
        private long killedNanos;

        Killer(FaultyRuns runs) {
            super(record -> {});
            this.runs = runs;
        }

        @Override
        public void step(StepRecord record) {
            super.step(record);
            if (killed < KILLS && record.step() >= next) {
                Map<Integer, ProcessHandle> executors = runs.executors();
                victim = List.copyOf(executors.keySet()).get(random.nextInt(executors.size()));
                killedNanos = System.nanoTime();
                ExecutorProcesses.kill(executors.get(victim));
                killed++;
                next = record.step() + 1 + random.nextInt(PAUSE);
            }
        }

        @Override
        public void incident(String text) {
            super.incident(text);
            assertThat(text).as("the culprit is the executor that was killed").contains("executor " + victim + " ");
        }

        @Override
        public void recovered(Recovery recovery) {
            super.recovered(recovery);
            seconds.add((System.nanoTime() - killedNanos) * 1e-9);
        }

        /** The figures of the documents. */
        void tell() {
            Collections.sort(seconds);
            System.out.printf(
                    Locale.ROOT,
                    "soak: %d kills (seed %d), %d of them in a step; from the kill to the next step: median %.1f s, longest %.1f s%n",
                    killed,
                    SEED,
                    seconds.size(),
                    seconds.get(seconds.size() / 2),
                    seconds.get(seconds.size() - 1));
            System.out.printf(
                    Locale.ROOT,
                    "soak: mean parts: %.1f s to notice, %.1f s to end the failed attempt, %.1f s for free slots, %.1f s for the ranks to join, %.1f s for the step%n",
                    mean(Recovery::noticed),
                    mean(Recovery::ended),
                    mean(Recovery::slots),
                    mean(Recovery::joined),
                    mean(Recovery::redone));
        }

        private double mean(java.util.function.ToDoubleFunction<Recovery> part) {
            return recoveries.stream().mapToDouble(part).average().orElseThrow();
        }
    }
}
