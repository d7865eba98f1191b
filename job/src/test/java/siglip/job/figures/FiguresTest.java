package siglip.job.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ComparisonResult;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.report.SampleRun;
import siglip.job.stability.Statistics;
import siglip.job.training.StepRecord;
import siglip.kernels.LossScalar;

class FiguresTest {
    private final SampleRun run = new SampleRun();
    private final ComparisonResult result = run.build();
    private final RunFigures figures = RunFigures.of(result);

    @Test
    void finalLossIsTheMeanOfTheLastTwentieth() {
        List<StepRecord> steps = result.arms().get(1).steps();
        double mean = steps.subList(steps.size() - 36, steps.size()).stream()
                .mapToDouble(StepRecord::loss)
                .average()
                .orElseThrow();

        assertThat(figures.arms().get(1).get(ArmMetric.FINAL_LOSS)).isCloseTo(mean, within(1e-12));
    }

    @Test
    void theSpikeShowsInMaximumAndCount() {
        for (int i = 0; i < 2; i++) {
            ArmFigures arm = figures.arms().get(i);
            double[] norms = result.arms().get(i).values(StepRecord::gradientNorm);
            double ratio = norms[run.spikeStep()] / Statistics.median(norms);

            assertThat(arm.get(ArmMetric.MAX_NORM)).isEqualTo(ratio);
            assertThat(arm.get(ArmMetric.NORM_SPIKES)).isEqualTo(1);
        }
    }

    @Test
    void whatStandsOutIsMeasuredAgainstTheStepsBeforeIt() {
        for (int i = 0; i < 2; i++) {
            ArmFigures arm = figures.arms().get(i);
            double[] norms = result.arms().get(i).values(StepRecord::gradientNorm);
            int at = run.spikeStep();
            double before = Statistics.median(Arrays.copyOfRange(norms, at - 51, at));

            assertThat(arm.get(ArmMetric.LOCAL_NORM_MAX)).isEqualTo(norms[at] / before);
            assertThat(arm.get(ArmMetric.LOCAL_NORM_P99)).isLessThan(2);
            assertThat(arm.get(ArmMetric.LOCAL_NORM_START)).isLessThan(2);
            assertThat(arm.get(ArmMetric.LOCAL_NORM_SPIKES)).isOne();
            assertThat(arm.get(ArmMetric.LOCAL_LOSS_MAX)).isLessThan(2);
            assertThat(arm.get(ArmMetric.LOCAL_LOSS_SPIKES)).isZero();
        }
    }

    @Test
    void aSpikeWithinTheWarmUpIsOneOfTheStart() {
        ArmFigures arm =
                new SampleRun().warmup(run.spikeStep() + 1).figures().arms().get(0);

        assertThat(arm.get(ArmMetric.START_STEPS)).isEqualTo(run.spikeStep() + 1);
        assertThat(arm.get(ArmMetric.LOCAL_NORM_START)).isGreaterThan(SampleRun.SPIKE / 2);
        assertThat(arm.get(ArmMetric.LOCAL_NORM_MAX)).isLessThan(2);
    }

    @Test
    void warmUpDoesNotCountAsTheLargestNorm() {
        ArmFigures cold = run.warmup(run.spikeStep()).figures().arms().get(0);
        ArmFigures warm = run.warmup(run.spikeStep() + 1).figures().arms().get(0);

        assertThat(cold.get(ArmMetric.MAX_NORM_AFTER_WARMUP)).isGreaterThan(SampleRun.SPIKE / 2);
        assertThat(warm.get(ArmMetric.MAX_NORM_AFTER_WARMUP)).isLessThan(SampleRun.SPIKE / 2);
    }

    @Test
    void spikesSayHowManyStepsWereJudged() {
        assertThat(new SampleRun().steps(25).table()).contains(" of 5 judged");
        assertThat(new SampleRun().steps(3).table()).contains("0 of 0 judged");
    }

    @Test
    void quartilesLieBetweenTheValues() {
        assertThat(Statistics.quantile(0.25, 5, 1, 3, 2, 4)).isEqualTo(2);
        assertThat(Statistics.quantile(0.75, 1, 2)).isEqualTo(1.75);
        assertThat(Statistics.quantile(0.5)).isNaN();
    }

    @Test
    void chanceIsOneOverTheCandidates() {
        assertThat(figures.chance(HeldOut.SEEN, Direction.IMAGE_TO_TEXT, RetrievalMetric.R5))
                .isEqualTo(5.0 / 1437);
        assertThat(figures.chance(HeldOut.UNSEEN, Direction.TEXT_TO_IMAGE, RetrievalMetric.R10))
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
        ArmFigures arm = figures.arms().get(0);

        assertThat(arm.times().mean().total()).isCloseTo(sum, within(1e-12));
        assertThat(arm.get(ArmMetric.WAITING_SHARE)).isBetween(0.25, 0.35);
    }

    @Test
    void softmaxHasNoBiasToReport() {
        assertThat(figures.arms().get(1).scalars().get(LossScalar.BIAS).start()).isNaN();
        assertThat(figures.arms().get(0).scalars().get(LossScalar.BIAS).start()).isEqualTo(-Math.log(255));
    }

    @Test
    void aDivergedArmHasNoFinalLossAndAnInfiniteNorm() {
        ArmFigures diverged = new SampleRun().diverging(0, 300).figures().arms().get(0);

        assertThat(diverged.get(ArmMetric.FINAL_LOSS)).isNaN();
        assertThat(diverged.get(ArmMetric.MAX_NORM)).isInfinite();
        assertThat(diverged.get(ArmMetric.COMPLETED_STEPS)).isEqualTo(300);
    }
}
