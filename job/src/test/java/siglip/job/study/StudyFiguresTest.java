package siglip.job.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsSources;
import siglip.job.figures.MetricsJsonTest;
import siglip.job.study.StudyFigures.Figure;
import siglip.job.study.StudyFigures.Group;
import siglip.job.study.StudyMetric.Question;

/** What the folders of runs tell together. */
class StudyFiguresTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String RATES = "study { axes { training.learning-rate = [1e-3, 1e-2, 1e-1] } }";

    /** One arm of a run. */
    private record Run(double r1, boolean stopped, int spikes) {}

    private interface Outcome {
        Run of(StudyCell cell, String arm);
    }

    private static StudyPlan plan(String text) {
        return StudyPlan.of(new SettingsSources(
                List.of(), Map.of(), Map.of(), Optional.of(new SettingsSources.File("my.conf", text))));
    }

    private static StudyFigures figures(StudyPlan plan, Outcome outcome) {
        List<CellFigures> cells = new ArrayList<>();
        for (StudyCell cell : plan.cells()) {
            ObjectNode root = JSON.createObjectNode();
            ObjectNode chance = root.putObject("chance").putObject("seen");
            chance.putObject("image_to_text").put("r1", 0.001);
            chance.putObject("text_to_image").put("r1", 0.001);
            for (String name : List.of("first", "second")) {
                Run run = outcome.of(cell, name);
                ObjectNode arm = root.withArray("/arms").addObject().put("name", name);
                arm.put("stopped", run.stopped() ? "the loss of step 3 is NaN" : null);
                arm.put("verdict", run.stopped() ? "stopped" : "learned");
                arm.put("seconds_per_step", 0.03);
                arm.putObject("spikes").put("local_gradient_norm", run.spikes()).put("judged", 700);
                evaluation(arm, 0, 0.002, 5);
                evaluation(arm, 720, run.r1(), 5 - 5 * run.r1());
                if (!run.stopped()) {
                    ObjectNode seen = arm.putObject("retrieval").putObject("seen");
                    seen.putObject("image_to_text")
                            .put("r1", run.r1() - 0.01)
                            .put("queries", run.spikes() < 0 ? 100 : 1107);
                    seen.putObject("text_to_image").put("r1", run.r1() + 0.01);
                }
            }
            cells.add(CellFigures.of(cell, root));
        }
        return StudyFigures.of(plan, cells);
    }

    private static void evaluation(ObjectNode arm, int step, double r1, double infonce) {
        ObjectNode node =
                arm.withArray("/evaluations").addObject().put("step", step).put("set", "seen");
        node.putObject("image_to_text").put("r1", r1);
        node.putObject("text_to_image").put("r1", r1);
        node.putObject("pairs").put("infonce", infonce);
    }

    private static Figure figure(Group group, StudyMetric metric) {
        return group.figures().stream()
                .filter(figure -> figure.metric() == metric)
                .findFirst()
                .orElseThrow();
    }

    private static StudyVerdict verdict(Group group, StudyMetric metric) {
        return figure(group, metric).differences().get(0).verdict();
    }

    @Test
    void foldersFollowFromWhatACellIsAndMoreSeedsAndValuesMoveNone() {
        List<String> few = plan(
                        "run.name = s\nstudy { seeds = 2, axes { training.batch-size = [64], towers.text.hidden = [[8]] } }")
                .cells()
                .stream()
                .map(StudyCell::folder)
                .toList();
        List<String> more = plan(
                        "run.name = s\nstudy { seeds = 3, axes { training.batch-size = [128, 6.4e1], towers.text.hidden = [[9], [8]] } }")
                .cells()
                .stream()
                .map(StudyCell::folder)
                .toList();

        assertThat(few.get(0)).matches("runs/s/towers.text.hidden=_8_-[0-9a-f]{8}/training.batch-size=64/seed-1");
        assertThat(more).hasSize(12).doesNotHaveDuplicates().containsAll(few);
        assertThat(plan("study.seeds = 2").cells().stream().map(StudyCell::folder))
                .containsExactly("runs/compare/seed-1", "runs/compare/seed-2");
    }

    @Test
    void valuesThatWillNotDoAreRefusedBeforeAnyRunWithTheirPlaces() {
        SettingsException refused = catchThrowableOfType(
                SettingsException.class,
                () -> plan("study.axes {\n training.batch-size = [64, 1]\n run.ranks = [0, 2] }"));

        assertThat(refused.errors())
                .containsExactlyInAnyOrder(
                        "my.conf:2: training.batch-size must be a whole number from 2 to 16777216, found 1",
                        "my.conf:3: run.ranks must be a whole number from 1 to 65536, found 0");
        assertThat(catchThrowableOfType(SettingsException.class, () -> plan("checkpoint.resume = never"))
                        .errors())
                .singleElement()
                .asString()
                .startsWith("checkpoint.resume must be auto in a study");
        assertThat(catchThrowableOfType(
                                SettingsException.class, () -> plan("run.seed = 9223372036854775806\nstudy.seeds = 5"))
                        .errors())
                .singleElement()
                .asString()
                .startsWith("run.seed leaves no room for 5 seeds");
    }

    @Test
    void aDifferenceOfTwoPointsIsFoundWhereSeedsMoveBothArmsAlike() {
        Random random = new Random(5);
        StudyFigures found = figures(
                plan("study.seeds = 5"),
                (cell, arm) -> new Run(
                        0.35 + 0.01 * cell.seed() + (arm.equals("first") ? 0.02 : 0) + 0.002 * random.nextGaussian(),
                        false,
                        1));

        Figure r1 = figure(found.groups().get(0), StudyMetric.R1);
        ArmDifference difference = r1.differences().get(0);
        assertThat(difference.verdict()).isEqualTo(StudyVerdict.HIGHER);
        assertThat(difference.effect().value()).isCloseTo(0.02, within(0.005));
        assertThat(difference.effect().low()).isPositive();
        assertThat(r1.arms().get("first").deviation()).isGreaterThan(0.01);
        assertThat(verdict(found.groups().get(0), StudyMetric.LOCAL_SPIKES)).isEqualTo(StudyVerdict.NO_DIFFERENCE);
    }

    /** Two names of one loss: by Holm's rule each question finds a difference in at most one study of twenty, however many tests it has. */
    @Test
    void armsOfTheSameLossDifferInNothing() {
        StudyPlan plan = plan(RATES);
        Random random = new Random(6);
        int wrong = 0;
        int studies = 200;
        for (int study = 0; study < studies; study++) {
            StudyFigures found = figures(
                    plan,
                    (cell, arm) -> new Run(0.3 + 0.01 * random.nextGaussian(), false, Math.max(0, (int)
                            (4 + 2 * random.nextGaussian()))));
            for (Question question : List.of(Question.QUALITY, Question.STABILITY)) {
                wrong += found.groups().stream()
                                .flatMap(group -> group.figures().stream())
                                .filter(figure -> figure.metric().question() == question)
                                .flatMap(figure -> figure.differences().stream())
                                .anyMatch(difference -> difference.verdict() == StudyVerdict.HIGHER
                                        || difference.verdict() == StudyVerdict.LOWER)
                        ? 1
                        : 0;
            }
        }
        assertThat((double) wrong / (2 * studies)).isLessThan(0.08); // 0.05 and three standard errors

        StudyFigures same = figures(plan, (cell, arm) -> new Run(0.3 + 0.01 * cell.seed(), false, 3));
        assertThat(same.groups().stream().flatMap(group -> group.figures().stream()))
                .allSatisfy(figure -> assertThat(figure.differences().get(0).verdict())
                        .isIn(StudyVerdict.NO_DIFFERENCE, StudyVerdict.NOT_TESTED));
    }

    @Test
    void equalIsSaidWithinAStatedMarginAlone() {
        Outcome close =
                (cell, arm) -> new Run(0.3 + (arm.equals("first") ? 0.0005 * (cell.seed() % 3 - 1) : 0), false, 0);

        assertThat(verdict(figures(plan("study.seeds = 5"), close).groups().get(0), StudyMetric.R1))
                .isEqualTo(StudyVerdict.NO_DIFFERENCE);
        assertThat(verdict(
                        figures(plan("study { seeds = 5, margin = 0.01 }"), close)
                                .groups()
                                .get(0),
                        StudyMetric.R1))
                .isEqualTo(StudyVerdict.EQUAL);
    }

    @Test
    void anArmThatStopsFindsWhatChanceFindsAndCountsAmongTheFailed() {
        StudyFigures found = figures(
                plan("study.seeds = 5"),
                (cell, arm) -> new Run(0.3 + 0.001 * cell.seed(), arm.equals("first") && cell.seed() < 4, 0));

        Group group = found.groups().get(0);
        assertThat(figure(group, StudyMetric.R1).arms().get("first").values().get(1L))
                .isEqualTo(0.001);
        assertThat(figure(group, StudyMetric.FAILED).arms().get("first").mean()).isCloseTo(0.6, within(1e-12));
        assertThat(figure(group, StudyMetric.FAILED).arms().get("second").mean())
                .isZero();
        assertThat(figure(group, StudyMetric.FAILED).differences().get(0).p()).isCloseTo(0.25, within(1e-12));
    }

    @Test
    void fiveSeedsAreTooFewForAVerdictOnFailuresAndSixAreNot() {
        Outcome fails = (cell, arm) -> new Run(0.3, arm.equals("first"), 0);
        Group five = figures(plan("study.seeds = 5"), fails).groups().get(0);
        Group six = figures(plan("study.seeds = 6"), fails).groups().get(0);

        assertThat(verdict(five, StudyMetric.FAILED)).isEqualTo(StudyVerdict.NOT_TESTED);
        assertThat(figure(six, StudyMetric.FAILED).differences().get(0).p()).isCloseTo(0.03125, within(1e-12));
        assertThat(verdict(six, StudyMetric.FAILED)).isNotEqualTo(StudyVerdict.NOT_TESTED);
    }

    @Test
    void anArmThatLearnsAtNoRateDoesNotWinByBeingInsensitive() {
        StudyFigures found =
                figures(plan(RATES), (cell, arm) -> new Run(0.4 + 0.001 * cell.seed(), arm.equals("first"), 0));

        Group over = found.groups().get(3);
        assertThat(figure(over, StudyMetric.RATE_SENSITIVITY)
                        .arms()
                        .get("first")
                        .values())
                .isEmpty();
        assertThat(verdict(over, StudyMetric.RATE_SENSITIVITY)).isEqualTo(StudyVerdict.NOT_TESTED);
        assertThat(verdict(over, StudyMetric.RATE_PLATEAU)).isEqualTo(StudyVerdict.NOT_TESTED);
        assertThat(found.anyFinished()).isTrue();
    }

    @Test
    void runsThatWereEvaluatedOnOtherNumbersOfQueriesAreTold() {
        StudyFigures mixed =
                figures(plan("study.seeds = 3"), (cell, arm) -> new Run(0.3, false, cell.seed() == 1 ? -1 : 2));

        assertThat(mixed.groups().get(0).queries()).containsExactly(100L, 1107L);
        assertThat(figures(plan("study.seeds = 3"), (cell, arm) -> new Run(0.3, true, 2))
                        .anyFinished())
                .isFalse();
    }

    @Test
    void anAxisOfWhatAnArmSetsForItselfIsRefused() {
        String arms =
                "loss.arms = [{ name = a, loss = sigmoid }, { name = b, loss = softmax, training.learning-rate = 1e-3, max-scale = 100 }]\n";

        assertThat(catchThrowableOfType(SettingsException.class, () -> plan(arms + RATES))
                        .errors())
                .singleElement()
                .asString()
                .contains("study.axes.training.learning-rate varies what arm b sets for itself");
        assertThat(catchThrowableOfType(
                                SettingsException.class, () -> plan(arms + "study.axes { loss.max-scale = [50, 200] }"))
                        .errors())
                .singleElement()
                .asString()
                .contains("study.axes.loss.max-scale varies what arm b sets for itself");
    }

    @Test
    void sensitivityToTheLearningRateIsToldOverAllRates() {
        StudyFigures found = figures(
                plan(RATES),
                (cell, arm) -> new Run(
                        0.4
                                - (arm.equals("first")
                                                && cell.condition()
                                                        .get(StudyFigures.RATE)
                                                        .equals("0.1")
                                        ? 0.35
                                        : 0)
                                + 0.001 * (cell.seed() % 3),
                        false,
                        0));

        assertThat(found.groups()).hasSize(4);
        Group over = found.groups().get(3);
        assertThat(over.overRates()).isTrue();
        assertThat(over.condition()).isEmpty();
        assertThat(figure(over, StudyMetric.RATE_SENSITIVITY)
                        .arms()
                        .get("first")
                        .mean())
                .isCloseTo(0.35 / 3, within(1e-9));
        assertThat(verdict(over, StudyMetric.RATE_SENSITIVITY))
                .isEqualTo(StudyVerdict.NO_DIFFERENCE); // equal in all seeds: 2^-4
        assertThat(figure(over, StudyMetric.RATE_PLATEAU).arms().get("second").mean())
                .isCloseTo(2, within(1e-9));
        assertThat(figure(over, StudyMetric.RATE_PLATEAU).arms().get("first").mean())
                .isBetween(1.0, 1.2);
    }

    @Test
    void everyKeyIsDocumentedAndEveryMetricInItsOwnWords() throws IOException {
        JsonNode json = StudyJson.of(figures(plan(RATES), (cell, arm) -> new Run(0.3, false, 0)));
        Set<String> written = new TreeSet<>();
        keys(json, "", written);

        assertThat(written).isEqualTo(MetricsJsonTest.documented("## study.json"));
        String document = Files.readString(Path.of("..", "docs", "study.md"));
        for (StudyMetric metric : StudyMetric.values()) {
            assertThat(document)
                    .contains("| `%s` | %s | %s |%n"
                            .formatted(metric.key(), metric.question().key(), metric.words()));
        }
    }

    private static void keys(JsonNode node, String path, Set<String> keys) {
        if (node.isArray()) {
            node.forEach(entry -> keys(entry, path + "[]", keys));
        } else if (node.isObject()) {
            boolean named = path.matches("axes|.*\\.(condition|arms|values)");
            node.fields()
                    .forEachRemaining(field -> keys(
                            field.getValue(),
                            (path.isEmpty() ? "" : path + ".") + (named ? "*" : field.getKey()),
                            keys));
        } else {
            keys.add(path);
        }
    }
}
