package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.ArmMetric;

class SummaryTableTest {
    @Test
    void columnsLineUpInPlainAscii() {
        String table = new SampleRun().table();
        List<String> lines = table.lines().toList();
        List<String> rows = lines.subList(0, lines.size() - 1);

        assertThat(rows).extracting(String::length).containsOnly(rows.get(0).length());
        assertThat(table).isEqualTo(table.replaceAll("[^\\n -~]", "?")).doesNotContain("?");
    }

    @Test
    void itShowsTheFiguresOfThePage() {
        ArmFigures siglip = new SampleRun().figures().arms().get(0);

        assertThat(new SampleRun().table())
                .containsPattern("Pairs per second +" + siglip.text(ArmMetric.PAIRS_PER_SECOND))
                .containsPattern("Final loss, nats +" + siglip.text(ArmMetric.FINAL_LOSS));
    }

    @Test
    void aStoppedArmIsNamed() {
        assertThat(new SampleRun().diverging(1, 9).table()).contains("clip stopped: the loss of step 9 is NaN");
    }

    @Test
    void oneClippingNormForGradientsOfUnlikeSizeIsNamed() {
        assertThat(new SampleRun().clipNorm(0.5, 4).table())
                .contains("Note: a clip-norm of 0.5000 serves arms whose gradient norms differ")
                .contains("An arm may have its own training.clip-norm");
        assertThat(new SampleRun().clipNorm(0.5, 1).table()).doesNotContain("Note:");
        assertThat(new SampleRun().table()).doesNotContain("Note:");
    }

    @Test
    void whatAStoppedArmWasBeforeIsNoResult() {
        assertThat(new SampleRun().diverging(1, 9).table().lines())
                .filteredOn(line -> line.startsWith("R@1") || line.startsWith("Final loss"))
                .hasSizeGreaterThan(2)
                .allMatch(line -> line.endsWith("stopped at step 9"));
    }
}
