package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.ComparisonResult;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.PairedDifference;
import siglip.job.evaluation.RetrievalScore;

class VerdictTest {
    @Test
    void aDifferenceWithinTheErrorOfTheQueriesIsNotResolved() {
        assertThat(verdict(0.39, 0.41, 720))
                .contains(
                        "The difference is 2.0 ± 3.0 points (two standard errors over the queries, which all arms answer): not resolved, which does not say that they are level");
    }

    @Test
    void aLargeDifferenceIsSaidToHoldForTheseRunsAlone() {
        assertThat(verdict(0.30, 0.41, 720))
                .contains("The difference is 11.0 ± 3.0 points")
                .contains("whether other seeds would is open")
                .doesNotContain("not resolved");
    }

    @Test
    void ofManyArmsEachIsComparedWithTheFirst() {
        assertThat(text(new SampleRun().arms("siglip", "clip", "third").build()))
                .contains("The difference of clip from siglip is ")
                .contains("The difference of third from siglip is ")
                .doesNotContain("from clip is");
    }

    @Test
    void bothDirectionsAreStated() {
        assertThat(text(new SampleRun().build()))
                .contains("Right caption first, held-out images of concepts not in training:")
                .contains("Right image first, captions of held-out images of concepts not in training:");
    }

    @Test
    void anEarlierCheckpointThatWasBetterByMoreThanTheErrorIsNamed() {
        SampleRun run = new SampleRun().arms("siglip").evaluations(4);
        String steady = text(run.build());
        String fallen = text(run.best(HeldOut.UNSEEN, 180, 0.35).build());

        assertThat(steady).doesNotContain("Better before the end");
        assertThat(fallen)
                .contains("Better before the end:")
                .containsPattern(
                        "R@1, image → text, of siglip, unseen: 35\\.0 % at step 180, \\d+\\.\\d % at the end \\(step 720\\)")
                .doesNotContain("of siglip, seen: 3");
    }

    @Test
    void armsMeasuredAtDifferentStepsAreNotCompared() {
        assertThat(verdict(0.30, 0.41, 360))
                .contains("720 and 360")
                .contains("not compared")
                .doesNotContain("points");
    }

    @Test
    void theDifferenceIsThatOfThePrintedScores() {
        assertThat(verdict(0.30049, 0.34051, 720))
                .contains("siglip 30.0 ±")
                .contains("clip 34.1 ±")
                .contains("The difference is 4.1 ±");
    }

    @Test
    void aHeldOutSetIsNamedByWhatIsKnownOfItsConcepts() {
        assertThat(text(new SampleRun().build()))
                .contains("Right caption first, held-out images of concepts seen in training:")
                .contains("Right caption first, held-out images of concepts not in training:");
        assertThat(text(new SampleRun().withoutConcepts().build()))
                .contains("Right caption first, held-out images:")
                .doesNotContain("seen");
    }

    @Test
    void aSetWithoutANearestNeighbourHasNoSuchYardstick() {
        assertThat(text(new SampleRun().withoutConcepts().build())).doesNotContain("nearest-neighbour");
        assertThat(text(new SampleRun().build())).contains("nearest-neighbour");
    }

    @Test
    void everyRunSaysThatSeedsWereNotMeasured() {
        for (ComparisonResult result : List.of(
                new SampleRun().build(),
                new SampleRun().arms("siglip").evaluations(0).build(),
                new SampleRun().diverging(1, 20).build())) {
            List<Verdict.Sentence> sentences = Verdict.sentences(SampleRun.view(result));

            assertThat(sentences.get(sentences.size() - 1).lead()).isEqualTo("Not measured");
        }
    }

    @Test
    void aRunWithoutEvaluationSaysSo() {
        assertThat(text(new SampleRun().evaluations(0).build())).contains("No evaluation was made");
    }

    @Test
    void aStoppedArmIsNamedWithTheReason() {
        assertThat(text(new SampleRun().diverging(1, 20).build()))
                .contains("clip stopped: After 20 steps: the loss of step 20 is NaN. It has no result")
                .contains(", clip stopped at step 20");
    }

    /** Two arms whose last evaluations, over 1,437 queries, gave these scores. */
    private static String verdict(double first, double second, long secondStep) {
        ComparisonResult sample = new SampleRun().build();
        List<ArmResult> arms = List.of(
                scored(sample.arms().get(0), 720, first, List.of()),
                scored(
                        sample.arms().get(1),
                        secondStep,
                        second,
                        Stream.of(Direction.values())
                                .map(direction -> new PairedDifference("siglip", direction, second - first, 0.015))
                                .toList()));
        return text(new ComparisonResult(
                sample.settings(),
                sample.renderedSettings(),
                sample.started(),
                sample.took(),
                arms,
                sample.steps(),
                Map.of(),
                Map.of(),
                Map.of(),
                Map.of(),
                sample.gallery(),
                List.of()));
    }

    private static ArmResult scored(ArmResult arm, long step, double r1, List<PairedDifference> differences) {
        RetrievalScore score = RetrievalScore.of(1437, r1, r1, r1);
        return new ArmResult(
                arm.arm(),
                arm.starts(),
                arm.steps(),
                List.of(new Evaluation(
                        arm.arm().name(), step, HeldOut.SEEN, score, score, Map.of(), Map.of(), Map.of(), differences)),
                arm.stopped(),
                arm.peakRankBytes(),
                arm.openClipBytesPerStep());
    }

    private static String text(ComparisonResult result) {
        return Verdict.sentences(SampleRun.view(result)).stream()
                .map(sentence -> sentence.lead() + ": " + sentence.text())
                .collect(Collectors.joining("\n"));
    }
}
