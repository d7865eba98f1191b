package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.config.AbsurdValues;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;

/**
 * Absurd values that the settings take, one at a time, in {@code validate} and in a small run: the program refuses them with one line, or works with
 * them, and ends soon. A few; with {@code -Dfuzz.settings=all}, as in {@code scripts/fuzz settings}, all.
 */
class AbsurdRunsIT {
    private static final int FEW = 12;
    /** Of a call that takes a second or two, also on a machine with much else to do. */
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /** Where a value decides how long somebody waits, not what is computed; runs with all of them would take hours. */
    private static final List<String> WAITS = List.of("ring.", "checkpoint.lease");

    @TempDir
    static Path folder;

    @BeforeAll
    static void makePairs() {
        assertThat(Main.commandLine(new Failures())
                        .execute("prepare", "synthetic", "--rows=200", "--width=6", "--signal=4", "--out=" + pairs()))
                .isEqualTo(0);
    }

    @Test
    void validateRefusesOrTakesEveryValueThatTheSettingsTake() {
        for (String assignment : some(assignments(""))) {
            check(assignment, execute("validate", assignment), List.of(0, 2, 3));
        }
    }

    @Test
    void aRunEndsWithEveryValueThatTheSettingsTake() {
        List<String> assignments = new ArrayList<>();
        for (String section : List.of("run.", "loss.", "training.", "towers.", "evaluation.", "checkpoint.", "data.")) {
            assignments.addAll(assignments(section));
        }
        for (String assignment : some(assignments)) {
            check(assignment, execute("compare", assignment), List.of(0, 2, 3, 5));
        }
    }

    /** How a command ended, and what it said. */
    private record Ended(int code, String errors) {}

    private static void check(String assignment, Ended ended, List<Integer> codes) {
        String shown = AbsurdValues.shown(assignment) + ": " + ended.errors;
        assertThat(codes).as(shown).contains(ended.code);
        assertThat(ended.errors).as(shown).doesNotContain("\tat ");
        if (ended.code != 0) {
            assertThat(ended.errors.lines().count()).as(shown).isBetween(1L, 10L);
        }
    }

    /** Keys of a section with values that can be read. */
    private static List<String> assignments(String section) {
        List<String> assignments = new ArrayList<>();
        for (String key : AbsurdValues.keys()) {
            if (key.startsWith(section) && WAITS.stream().noneMatch(key::startsWith)) {
                for (String value : AbsurdValues.some(key)) {
                    String assignment = key + "=" + (key.equals("run.out") ? folder.resolve("runs") + "/" : "") + value;
                    if (canBeRead(assignment)) {
                        assignments.add(assignment);
                    }
                }
            }
        }
        return assignments;
    }

    private static boolean canBeRead(String assignment) {
        try {
            SettingsLoader.load(new SettingsSources(List.of(assignment), Map.of(), Map.of(), Optional.empty()));
            return true;
        } catch (SettingsException e) {
            return false;
        }
    }

    private static List<String> some(List<String> assignments) {
        if (System.getProperty("fuzz.settings", "some").equals("all")) {
            return assignments;
        }
        List<String> shuffled = new ArrayList<>(assignments);
        Collections.shuffle(shuffled, new Random(Long.getLong("test.seed", 1)));
        return shuffled.subList(0, Math.min(FEW, shuffled.size()));
    }

    private static String pairs() {
        return folder.resolve("pairs").toString();
    }

    private static Ended execute(String command, String assignment) {
        StringWriter errors = new StringWriter();
        StringWriter out = new StringWriter();
        List<String> arguments = new ArrayList<>(List.of(
                command,
                "--config=" + Path.of("..", "conf", "synthetic.conf"),
                "--set=run.out=" + folder.resolve("runs"),
                "--set=data.path=" + pairs(),
                "--set=training.batch-size=20",
                "--set=training.steps=3",
                "--set=evaluation.every-steps=2",
                "--set=towers.image.hidden=[5]",
                "--set=towers.text.hidden=[5]",
                "--set=towers.width=4",
                "--set=" + assignment)); // of two assignments the later one counts
        if (command.equals("compare")) {
            arguments.add("--overwrite");
        }
        return assertTimeout(
                LONGEST,
                () -> new Ended(
                        Main.commandLine(new Failures())
                                .setOut(new PrintWriter(out, true))
                                .setErr(new PrintWriter(errors, true))
                                .execute(arguments.toArray(String[]::new)),
                        errors.toString()),
                AbsurdValues.shown(assignment));
    }
}
