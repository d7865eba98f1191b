package siglip.job.figures;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import siglip.job.figures.ArmVerdict.Outcome;
import siglip.job.report.SampleRun;

class ArmVerdictTest {
    private static ArmVerdict of(SampleRun run) {
        return run.figures().arms().get(0).verdict();
    }

    @Test
    void anArmThatFindsMoreThanChanceHasLearned() {
        ArmVerdict verdict = of(new SampleRun());

        assertThat(verdict.outcome()).isEqualTo(Outcome.LEARNED);
        assertThat(verdict.collapsed()).isFalse();
        assertThat(verdict.notable()).isFalse();
    }

    @Test
    void oneThatEndsAtTheLossOfAConstantPredictorHasCollapsed() {
        ArmVerdict verdict = of(new SampleRun().constant(200, 720));

        assertThat(verdict.outcome()).isEqualTo(Outcome.COLLAPSED);
        assertThat(verdict.brief()).isEqualTo("collapsed at step 200");
    }

    @Test
    void oneThatWasThereForAWhileHasComeBack() {
        ArmVerdict verdict = of(new SampleRun().constant(200, 400));

        assertThat(verdict.outcome()).isEqualTo(Outcome.CAME_BACK);
        assertThat(verdict.brief()).isEqualTo("came back at step 400");
        assertThat(verdict.collapsed()).isFalse();
    }

    @Test
    void aRecallOfChanceIsNamedAsThatWhereTheLossHasFallen() {
        assertThat(of(new SampleRun().recall(1.0 / 1437)).outcome()).isEqualTo(Outcome.AT_CHANCE);
        assertThat(of(new SampleRun().recall(0)).outcome()).isEqualTo(Outcome.AT_CHANCE);
        assertThat(of(new SampleRun().recall(20.0 / 1437)).outcome()).isEqualTo(Outcome.LEARNED);
    }

    @Test
    void aRunOfAFewStepsIsNotJudged() {
        assertThat(of(new SampleRun().steps(15).evaluations(1)).outcome()).isEqualTo(Outcome.NOT_JUDGED);
    }

    @Test
    void theWarmUpDoesNotCount() {
        assertThat(of(new SampleRun().constant(0, 300).warmup(300)).outcome()).isEqualTo(Outcome.LEARNED);
        assertThat(of(new SampleRun().constant(0, 300).warmup(100)).outcome()).isEqualTo(Outcome.CAME_BACK);
    }

    @Test
    void anArmThatStoppedIsOneThatStopped() {
        assertThat(of(new SampleRun().diverging(0, 300)).outcome()).isEqualTo(Outcome.STOPPED);
    }
}
