package siglip.job.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ComparisonResult;
import siglip.job.report.SampleRun;
import siglip.job.report.SummaryTable;
import siglip.job.stability.Statistics;
import siglip.job.stage.Phase;
import siglip.job.training.StepRecord;

class FiguresTest {
    private final SampleRun run = new SampleRun();
    private final ComparisonResult result = run.build();
    private final Figures figures = new Figures(result);

    @Test
    void finalLossIsTheMeanOfTheLastTwentieth() {
        List<StepRecord> steps = result.arms().get(1).steps();
        double mean = steps.subList(steps.size() - 36, steps.size()).stream()
                .mapToDouble(StepRecord::loss)
                .average()
                .orElseThrow();

        assertThat(figures.arms().get(1).figures().value("final_loss")).isCloseTo(mean, within(1e-12));
    }

    @Test
    void theSpikeShowsInMaximumAndCount() {
        for (ArmFigures arm : figures.arms()) {
            double[] norms = arm.values(StepRecord::gradientNorm);
            double ratio = norms[run.spikeStep()] / Statistics.median(norms);

            assertThat(arm.figures().value("gradient_norm", "max_over_median")).isEqualTo(ratio);
            assertThat(arm.figures().value("spikes", "gradient_norm")).isEqualTo(1);
        }
    }

    @Test
    void warmUpDoesNotCountAsTheLargestNorm() {
        FigureSet cold =
                new Figures(run.warmup(run.spikeStep()).build()).arms().get(0).figures();
        FigureSet warm = new Figures(run.warmup(run.spikeStep() + 1).build())
                .arms()
                .get(0)
                .figures();

        assertThat(cold.value("gradient_norm", "max_over_median_after_warmup")).isGreaterThan(SampleRun.SPIKE / 2);
        assertThat(warm.value("gradient_norm", "max_over_median_after_warmup")).isLessThan(SampleRun.SPIKE / 2);
    }

    @Test
    void spikesSayHowManyStepsWereJudged() {
        assertThat(SummaryTable.of(new SampleRun().steps(25).build())).contains(" of 5 judged");
        assertThat(SummaryTable.of(new SampleRun().steps(3).build())).contains("0 of 0 judged");
    }

    @Test
    void quartilesLieBetweenTheValues() {
        assertThat(Statistics.quantile(0.25, 5, 1, 3, 2, 4)).isEqualTo(2);
        assertThat(Statistics.quantile(0.75, 1, 2)).isEqualTo(1.75);
        assertThat(Statistics.quantile(0.5)).isNaN();
    }

    @Test
    void chanceIsOneOverTheCandidates() {
        assertThat(figures.run().value("chance", "seen", "image_to_text", "r5")).isEqualTo(5.0 / 1437);
        assertThat(figures.run().value("chance", "unseen", "text_to_image", "r10"))
                .isEqualTo(10.0 / 160);
    }

    @Test
    void phasesAddUpToTheMeanOfTheMiddleHalf() {
        List<StepRecord> steps = result.arms().get(0).steps();
        StepRecord[] sorted = steps.stream()
                .sorted((a, b) -> Double.compare(a.seconds(), b.seconds()))
                .toArray(StepRecord[]::new);
        double sum = Arrays.stream(sorted, sorted.length / 4, sorted.length - sorted.length / 4)
                .flatMap(step -> step.ranks().stream())
                .mapToDouble(rank -> rank.seconds().total())
                .average()
                .orElseThrow();
        StepTimes times = figures.arms().get(0).times();

        double phases =
                Arrays.stream(Phase.values()).mapToDouble(times::seconds).sum();

        assertThat(phases).isCloseTo(sum, within(1e-12));
        assertThat(times.waitingShare()).isBetween(0.25, 0.35);
    }

    @Test
    void softmaxHasNoBiasToReport() {
        assertThat(figures.arms().get(1).figures().value("bias", "start")).isNaN();
        assertThat(figures.arms().get(0).figures().value("bias", "start")).isEqualTo(-Math.log(255));
    }

    @Test
    void aDivergedArmHasNoFinalLossAndAnInfiniteNorm() {
        FigureSet diverged = new Figures(new SampleRun().diverging(0, 300).build())
                .arms()
                .get(0)
                .figures();

        assertThat(diverged.value("final_loss")).isNaN();
        assertThat(diverged.value("gradient_norm", "max_over_median")).isInfinite();
        assertThat(diverged.value("completed_steps")).isEqualTo(300);
    }
}
