package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ComparisonResult;
import siglip.job.figures.FigureSet;
import siglip.job.figures.Figures;

class SummaryTableTest {
    @Test
    void columnsLineUpInPlainAscii() {
        String table = SummaryTable.of(new SampleRun().build());
        List<String> lines = table.lines().toList();
        List<String> rows = lines.subList(0, lines.size() - 1);

        assertThat(rows).extracting(String::length).containsOnly(rows.get(0).length());
        assertThat(table).isEqualTo(table.replaceAll("[^\\n -~]", "?")).doesNotContain("?");
    }

    @Test
    void itShowsTheFiguresOfThePage() {
        ComparisonResult result = new SampleRun().build();
        FigureSet siglip = new Figures(result).arms().get(0).figures();

        assertThat(SummaryTable.of(result))
                .containsPattern("Pairs per second +" + siglip.text("pairs_per_second"))
                .containsPattern("Final loss, nats +" + siglip.text("final_loss"));
    }

    @Test
    void aStoppedArmIsNamed() {
        assertThat(SummaryTable.of(new SampleRun().diverging(1, 9).build()))
                .contains("clip stopped: the loss of step 9 is NaN");
    }
}
