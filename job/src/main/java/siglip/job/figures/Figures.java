package siglip.job.figures;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import siglip.job.comparison.ComparisonResult;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalScore;

/** Every figure of a run, computed once. */
public final class Figures {
    /** The set of concepts that are in no training pair. */
    private static final String UNSEEN = "unseen";

    private final ComparisonResult result;
    private final List<ArmFigures> arms;
    private final List<String> sets;
    private final FigureSet run = new FigureSet();

    public Figures(ComparisonResult result) {
        this.result = result;
        this.arms = result.arms().stream()
                .map(arm -> new ArmFigures(arm, result.settings().training()))
                .toList();
        this.sets = arms.stream()
                .flatMap(arm -> arm.result().evaluations().stream())
                .map(Evaluation::set)
                .distinct()
                .toList();
        run.add(Unit.SECONDS, result.took().toMillis() / 1e3, "seconds");
        result.nearestNeighbour().forEach(this::nearestNeighbour);
        sets.forEach(this::chance);
    }

    public ComparisonResult result() {
        return result;
    }

    /** In the order of the settings. */
    public List<ArmFigures> arms() {
        return arms;
    }

    /** The held-out sets that were evaluated, in the order in which they first were. */
    public List<String> sets() {
        return sets;
    }

    /** Whether gradient norms are those of different losses, and so of different scale. */
    public boolean mixed() {
        return arms.stream().map(ArmFigures::loss).distinct().count() > 1;
    }

    /** Whether the ranks of an arm wait for more than half of a step. */
    public boolean mostlyWaiting() {
        return arms.stream().anyMatch(arm -> arm.figures().value("waiting_share") > 0.5);
    }

    /** The class columns that were evaluated on any set. */
    public Set<String> classes() {
        Set<String> classes = new LinkedHashSet<>();
        arms.forEach(arm -> arm.result()
                .evaluations()
                .forEach(evaluation -> classes.addAll(evaluation.classAccuracy().keySet())));
        return classes;
    }

    /** What belongs to no arm: chance, and the nearest neighbour on raw features. */
    public FigureSet run() {
        return run;
    }

    /** What a held-out set is called beside a figure: its name, unless nothing says whether its concepts were trained on. */
    public String label(String set) {
        return plain(set) ? "held out" : set;
    }

    /** What the images of a held-out set are, in words. */
    public String images(String set) {
        if (plain(set)) {
            return "held-out images";
        }
        return set.equals(UNSEEN)
                ? "held-out images of concepts left out of training"
                : "held-out images of concepts seen in training";
    }

    /** Nothing is left out, and pairs name no concept. */
    private boolean plain(String set) {
        return !set.equals(UNSEEN) && !sets.contains(UNSEEN) && withoutConcepts();
    }

    private boolean withoutConcepts() {
        return result.settings().data().columns().concept().isEmpty();
    }

    /** Without a right answer among the training images the score is 0 whatever the features are, and says nothing. */
    private boolean isYardstick(String set, RetrievalScore score) {
        return !set.equals(UNSEEN) && !(withoutConcepts() && score.r1() == 0 && score.r10() == 0);
    }

    private void nearestNeighbour(String set, RetrievalScore score) {
        if (!isYardstick(set, score)) {
            return;
        }
        run.add(Unit.COUNT, score.queries(), "nearest_neighbour", set, "queries");
        run.add(Unit.SHARE, score.r1(), "nearest_neighbour", set, "r1");
        run.add(Unit.SHARE, score.r5(), "nearest_neighbour", set, "r5");
        run.add(Unit.SHARE, score.r10(), "nearest_neighbour", set, "r10");
    }

    /** What a model that cannot tell the candidates apart would score, if one of them is right: k/N. */
    private void chance(String set) {
        Optional<Evaluation> any =
                arms.stream().flatMap(arm -> arm.lastEvaluation(set).stream()).findFirst();
        any.ifPresent(evaluation -> {
            chance(set, ArmFigures.IMAGE_TO_TEXT, evaluation.textToImage().queries());
            chance(set, ArmFigures.TEXT_TO_IMAGE, evaluation.imageToText().queries());
        });
    }

    private void chance(String set, String way, int candidates) {
        for (int k : new int[] {1, 5, 10}) {
            double chance = candidates > 0 ? Math.min(1, (double) k / candidates) : Double.NaN;
            run.add(Unit.SHARE, chance, "chance", set, way, "r" + k);
        }
    }
}
