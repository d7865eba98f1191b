package siglip.job.figures;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import siglip.job.comparison.ArmResult;
import siglip.job.config.TrainingSettings;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.stability.CollapseWatch;
import siglip.job.stability.CollapseWatch.Stretch;
import siglip.job.stability.Statistics;
import siglip.job.training.StepRecord;

/**
 * Whether an arm has learned, or died without a word: a loss and a norm that are numbers say nothing of it.
 *
 * @param outcome in a word
 * @param reason a sentence without its subject, such as {@code its loss is ...}
 * @param stretches steps in which its loss was that of the best constant predictor, in order
 */
public record ArmVerdict(Outcome outcome, String reason, List<Stretch> stretches) {
    /** Evaluations in a row that must find no more than chance. */
    static final int EVALUATIONS = 2;

    /** Of the interval in which a recall is that of chance. */
    static final double CONFIDENCE = 0.99;

    /** What became of an arm. */
    public enum Outcome {
        /** Loss or gradient was no number. */
        STOPPED("stopped"),
        /** At the end it is no better than a model that has learned nothing of its inputs. */
        COLLAPSED("collapsed"),
        /** Its loss is better than that, but on held-out rows it finds no more than chance. */
        AT_CHANCE("at chance"),
        /** For a while it was no better, and at the end it is. */
        CAME_BACK("came back"),
        LEARNED("learned"),
        /** The run was too short to tell. */
        NOT_JUDGED("not judged");

        private final String words;

        Outcome(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }

        /** Whether the arm ended without a model that is of use. */
        public boolean isFailure() {
            return this == STOPPED || this == COLLAPSED || this == AT_CHANCE;
        }

        /** Its name in {@code metrics.json}. */
        public String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static ArmVerdict of(ArmResult arm, TrainingSettings training) {
        int patience = CollapseWatch.patience(training.steps());
        long warmup = arm.arm().optimizer().warmupSteps();
        CollapseWatch watch = new CollapseWatch(warmup, patience);
        List<StepRecord> settled =
                arm.steps().stream().filter(step -> step.step() >= warmup).toList();
        settled.forEach(step -> watch.step(step.step(), step.loss(), step.constantLoss()));
        List<Stretch> stretches = new ArrayList<>(watch.past());
        watch.now().ifPresent(stretches::add);
        boolean knownLoss = settled.size() >= patience
                && Double.isFinite(settled.get(settled.size() - 1).constantLoss());
        boolean better = knownLoss
                && settled.subList(settled.size() - patience, settled.size()).stream()
                                .mapToDouble(step -> step.loss() / step.constantLoss())
                                .average()
                                .orElseThrow()
                        < 1 - CollapseWatch.DISTANCE;
        Optional<Boolean> found = moreThanChance(arm.evaluations(), warmup);
        if (arm.stopped().isPresent()) {
            return new ArmVerdict(Outcome.STOPPED, arm.stopped().get(), stretches);
        }
        if (watch.now().isPresent()) {
            return new ArmVerdict(Outcome.COLLAPSED, watch.now().get().words(), stretches);
        }
        if (found.isPresent() && !found.get()) {
            String chance = "at its last %d evaluations it finds no more than chance would".formatted(EVALUATIONS);
            return better
                    ? new ArmVerdict(
                            Outcome.AT_CHANCE,
                            chance
                                    + ", although its loss is below that of a constant predictor: what it has learned does not carry over to held-out rows",
                            stretches)
                    : new ArmVerdict(Outcome.COLLAPSED, chance, stretches);
        }
        if (!stretches.isEmpty()) {
            return new ArmVerdict(
                    Outcome.CAME_BACK, stretches.get(stretches.size() - 1).words(), stretches);
        }
        return knownLoss || found.isPresent()
                ? new ArmVerdict(Outcome.LEARNED, "it is better than a model that has learned nothing", stretches)
                : new ArmVerdict(Outcome.NOT_JUDGED, "the run is too short to tell", stretches);
    }

    /** Whether one of the last evaluations, in either direction and on any set, is above chance; empty if there are too few. */
    private static Optional<Boolean> moreThanChance(List<Evaluation> evaluations, long warmup) {
        List<Long> steps = evaluations.stream()
                .map(Evaluation::step)
                .filter(step -> step > warmup)
                .distinct()
                .sorted()
                .toList();
        if (steps.size() < EVALUATIONS) {
            return Optional.empty();
        }
        long first = steps.get(steps.size() - EVALUATIONS);
        return Optional.of(evaluations.stream()
                .filter(evaluation -> evaluation.step() >= first)
                .anyMatch(evaluation -> List.of(Direction.values()).stream()
                        .anyMatch(direction -> isAboveChance(evaluation, direction))));
    }

    private static boolean isAboveChance(Evaluation evaluation, Direction direction) {
        double least = Statistics.leastShare(
                evaluation.score(direction).get(RetrievalMetric.R1),
                evaluation.score(direction).queries(),
                CONFIDENCE);
        return least > evaluation.chance(direction, RetrievalMetric.R1);
    }

    /** Whether it ended no better than a model that has learned nothing of its inputs. */
    public boolean collapsed() {
        return outcome == Outcome.COLLAPSED;
    }

    /** Whether people must hear of it beside the figures. */
    public boolean notable() {
        return collapsed() || outcome == Outcome.AT_CHANCE || outcome == Outcome.CAME_BACK;
    }

    /** In a few words, for a table. */
    public String brief() {
        OptionalLong step = OptionalLong.empty();
        if (!stretches.isEmpty()) {
            Stretch last = stretches.get(stretches.size() - 1);
            step = OptionalLong.of(outcome == Outcome.CAME_BACK ? last.to().orElseThrow() : last.from());
        }
        boolean dated = step.isPresent() && (collapsed() || outcome == Outcome.CAME_BACK);
        return dated ? "%s at step %d".formatted(outcome.words(), step.getAsLong()) : outcome.words();
    }
}
