package siglip.job.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ArmResult;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.report.SampleRun;
import siglip.job.training.StepRecord;

class ConvergenceTest {
    private final ArmResult arm = new SampleRun().build().arms().get(1);

    private List<Convergence> to(Direction direction, Integer... percent) {
        return Convergence.of(arm, List.of(percent)).get(HeldOut.SEEN).get(direction);
    }

    @Test
    void aLevelIsReachedAtTheFirstEvaluationAtOrAboveIt() {
        for (Direction direction : Direction.values()) {
            List<Convergence> levels = to(direction, 1, 25, 99);
            List<Evaluation> seen = arm.evaluations().stream()
                    .filter(evaluation -> evaluation.set() == HeldOut.SEEN)
                    .toList();
            long step = levels.get(1).step().getAsLong();
            for (Evaluation evaluation : seen) {
                double r1 = evaluation.score(direction).get(RetrievalMetric.R1);
                assertThat(r1 >= 0.25).as("step %d", evaluation.step()).isEqualTo(evaluation.step() >= step);
            }
            assertThat(levels.get(0).step()).hasValue(seen.get(0).step());
            assertThat(levels.get(2).step()).isEmpty();
            assertThat(levels.get(2).seconds()).isNaN();
        }
    }

    @Test
    void theSecondsAreThoseOfTheArmsOwnStepsUpToThere() {
        Convergence level = to(Direction.IMAGE_TO_TEXT, 25).get(0);
        double seconds = arm.steps().stream()
                .limit(level.step().getAsLong())
                .mapToDouble(StepRecord::seconds)
                .sum();

        assertThat(level.seconds()).isCloseTo(seconds, within(1e-9)).isPositive();
    }
}
