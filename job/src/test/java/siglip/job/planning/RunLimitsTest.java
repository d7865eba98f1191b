package siglip.job.planning;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.features.PairShape;
import siglip.job.towers.ModelSpec;

class RunLimitsTest {
    private static final PairShape CAPTIONS = new PairShape(24, 0);

    @Test
    void parametersThatTheHeapCannotHoldAreRefusedBeforeTheyAreAllocated() {
        Settings settings = settings();
        ModelSpec model = ModelSpec.of(settings.towers(), CAPTIONS);

        assertThatCode(() -> RunLimits.check(settings, model, 1L << 30)).doesNotThrowAnyException();
        assertThatThrownBy(() -> RunLimits.check(settings, model, 1 << 20))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("the parameters of 2 arms take", "heap has 1.00 MiB", "towers.width");
    }

    @Test
    void aPieceThatIsMoreThanAMessageAsksForMoreRanks() {
        String[] large = {"towers.table.buckets=4194304", "towers.table.width=127"};
        Settings one = settings(large[0], large[1], "run.ranks=1");
        Settings four = settings(large[0], large[1], "run.ranks=4");

        assertThatThrownBy(() -> RunLimits.check(one, ModelSpec.of(one.towers(), CAPTIONS), Long.MAX_VALUE))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("run.ranks = 1 makes pieces of the model of 2.0");
        assertThatCode(() -> RunLimits.check(four, ModelSpec.of(four.towers(), CAPTIONS), Long.MAX_VALUE))
                .doesNotThrowAnyException();
    }

    @Test
    void aBlockOfTextsThatIsMoreThanAMessageAsksForMoreRanksToo() {
        Settings large = settings("training.batch-size=10000000", "run.ranks=2");

        assertThatThrownBy(() -> RunLimits.check(large, ModelSpec.of(large.towers(), CAPTIONS), Long.MAX_VALUE))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(
                        "training.batch-size = 10000000 gives a rank 5000000 pairs, whose texts take 2.40");
    }

    private static Settings settings(String... assignments) {
        return SettingsLoader.load(new SettingsSources(List.of(assignments), Map.of(), Map.of(), Optional.empty()))
                .settings();
    }
}
