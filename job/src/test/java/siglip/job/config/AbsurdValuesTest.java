package siglip.job.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every key with absurd values: they can be used, or the message names the key. {@code scripts/fuzz settings} tries all of them, and goes on to the commands. */
class AbsurdValuesTest {
    private static final Duration LONGEST = Duration.ofSeconds(30); // for all values of a key

    static List<String> keys() {
        return AbsurdValues.keys();
    }

    @ParameterizedTest
    @MethodSource("keys")
    void anAbsurdValueIsRefusedByItsKeyAtOnceOrUsedAndWrittenDown(String key) {
        assertTimeoutPreemptively(LONGEST, () -> AbsurdValues.some(key).forEach(value -> tryOut(key, value)));
    }

    private static void tryOut(String key, String value) {
        String assignment = key + "=" + value;
        String shown = AbsurdValues.shown(assignment);
        try {
            LoadedSettings loaded = AbsurdValues.load(assignment);
            SettingsSources.File written = new SettingsSources.File("shown.conf", loaded.rendered());
            LoadedSettings again =
                    SettingsLoader.load(new SettingsSources(List.of(), Map.of(), Map.of(), Optional.of(written)));
            assertThat(again.settings()).as(shown).isEqualTo(loaded.settings());
        } catch (SettingsException e) {
            assertThat(e.errors())
                    .as(shown)
                    .allMatch(error -> error.contains(key))
                    .allMatch(error -> error.length() < 1000 && error.lines().count() == 1);
        } catch (RuntimeException e) {
            fail(shown, e);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "towers.width=2e9                  | towers.width must be a whole number from 1 to 65536, found \"2e9\"",
                "training.learning-rate=1e-300     | training.learning-rate must be a number from 1e-30 to 1e30, found \"1e-300\"",
                "training.weight-decay=1e300       | training.weight-decay must be a number from 0 to 1e30, found \"1e300\"",
                "loss.max-scale=1e308              | loss.max-scale must be a number from 1 to 1e30, found \"1e308\"",
                "towers.table.deviation=1e300      | towers.table.deviation must be a number from 1e-30 to 1e30, found \"1e300\"",
                "ring.heartbeat=1 ns               | ring.heartbeat must be a duration from 1 ms to 1000 d with its unit, such as 30 s, found \"1 ns\"",
                "ring.hello-timeout=5 ms           | ring.hello-timeout must be a duration from 1 s to 1000 d with its unit, such as 30 s, found \"5 ms\"",
                "ring.wait-timeout=200000 d        | ring.wait-timeout must be a duration from 1 s to 1000 d with its unit, such as 30 s, found \"200000 d\"",
                "data.replicated-limit=-1 B        | data.replicated-limit must be a size such as 64 MiB, found \"-1 B\"",
                "plan.bandwidth=0 B                | plan.bandwidth must be a size above 0, such as 64 MiB, found \"0 B\"",
                "towers.table.buckets=1073741824   | towers.table.buckets times towers.table.width (128) must be at most 536870879 floats, found 1073741824",
            })
    void aRangeIsSaidWithTheValueThatLeavesIt(String assignment, String message) {
        assertThatThrownBy(() -> AbsurdValues.load(assignment))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aNumberOfAnyLengthInATextIsWrittenDownAtOnce() {
        String endless = "1e999999999";

        LoadedSettings loaded =
                assertTimeoutPreemptively(LONGEST, () -> AbsurdValues.load("data.columns.image=" + endless));

        assertThat(loaded.decisive().get("data.columns.image")).hasSizeLessThan(100);
    }
}
