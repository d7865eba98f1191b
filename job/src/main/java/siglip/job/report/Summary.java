package siglip.job.report;

import static siglip.job.figures.ArmFigures.IMAGE_TO_TEXT;
import static siglip.job.figures.ArmFigures.TEXT_TO_IMAGE;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.FigureSet;
import siglip.job.figures.Figures;
import siglip.job.figures.Unit;
import siglip.kernels.LossScalar;

/** The table that sets the arms side by side: which figures, in which order, and what each means in plain words. */
final class Summary {
    private static final String QUALITY = "What the models learned";
    private static final String STABILITY = "How steadily";
    private static final String COST = "What it cost";

    private final Figures figures;
    private final List<Row> rows = new ArrayList<>();

    private Summary(Figures figures) {
        this.figures = figures;
    }

    static List<Row> rows(Figures figures) {
        Summary summary = new Summary(figures);
        summary.quality();
        summary.stability();
        summary.cost();
        return List.copyOf(summary.rows);
    }

    private void quality() {
        for (String set : figures.sets()) {
            retrieval(
                    set,
                    IMAGE_TO_TEXT,
                    "image → text, " + figures.label(set),
                    "Share of %s whose right caption is the first, among the first 5, the first 10."
                            .formatted(figures.images(set)));
            retrieval(set, TEXT_TO_IMAGE, "text → image, " + figures.label(set), "The same with captions as queries.");
            shared(
                    "Chance, " + figures.label(set),
                    slashed(figures.run(), "chance", set, IMAGE_TO_TEXT),
                    "A model that cannot tell the captions apart, if one of them is right.");
            if (figures.run().has("nearest_neighbour", set, "r1")) {
                shared(
                        "Nearest neighbour, " + figures.label(set),
                        slashed(figures.run(), "nearest_neighbour", set),
                        "Yardstick without a model: the concept of the most similar training image, on raw features.");
            }
        }
        for (String column : figures.classes()) {
            for (String set : figures.sets()) {
                if (figures.arms().stream().anyMatch(arm -> arm.figures().has("class_accuracy", set, column))) {
                    row(
                            QUALITY,
                            "Accuracy of %s, %s".formatted(column, figures.label(set)),
                            arm -> arm.figures().text("class_accuracy", set, column),
                            "Share of images nearest to the mean caption of their %s.".formatted(column),
                            false);
                }
            }
        }
        String over = figures.arms().stream()
                .map(arm -> arm.figures().text("final_loss_steps"))
                .distinct()
                .collect(Collectors.joining(" or "));
        row(
                QUALITY,
                "Final loss, nats",
                arm -> arm.result().stopped().isPresent()
                        ? "stopped"
                        : arm.figures().text("final_loss"),
                "Mean over the last steps (%s of them). Losses of different kinds are different quantities: do not compare them."
                        .formatted(over),
                true);
    }

    private void retrieval(String set, String way, String label, String words) {
        row(QUALITY, "R@1 / 5 / 10, " + label, arm -> slashed(arm.figures(), "retrieval", set, way), words, true);
    }

    private void stability() {
        row(
                STABILITY,
                "Largest gradient norm over median",
                arm -> arm.figures().text("gradient_norm", "max_over_median_after_warmup"),
                "How far the worst step stood out, the first %s left out as warm-up.%s"
                        .formatted(
                                Verdict.steps(
                                        figures.result().settings().training().warmupSteps()),
                                figures.mixed()
                                        ? " The norms of different losses are not comparable, only each with its own median."
                                        : ""),
                true);
        String window = figures.arms().stream()
                .map(arm -> arm.figures().text("spikes", "window"))
                .distinct()
                .collect(Collectors.joining(" or "));
        row(
                STABILITY,
                "Spikes of loss / gradient norm",
                Summary::spikes,
                "Steps at least 7 standard deviations from the mean of the (up to) %s steps before them. The first 20 are not judged."
                        .formatted(window),
                true);
        for (LossScalar scalar : LossScalar.values()) {
            if (figures.arms().stream().anyMatch(arm -> arm.loss().has(scalar))) {
                row(
                        STABILITY,
                        scalar.title() + ", start → end",
                        arm -> arm.loss().has(scalar) ? arrow(arm.figures(), scalar.shownName()) : "none",
                        scalar.meaning() + "; learned.",
                        true);
            }
        }
        if (figures.arms().stream().anyMatch(arm -> arm.figures().value("clipped_steps") > 0)) {
            row(
                    STABILITY,
                    "Steps with a clipped gradient",
                    arm -> arm.figures().text("clipped_steps"),
                    "Steps whose gradient was scaled down to the set norm.",
                    false);
        }
    }

    private void cost() {
        row(
                COST,
                "Time per step, median (quartiles)",
                arm -> "%s (%s to %s)"
                        .formatted(
                                arm.figures().text("seconds_per_step"),
                                arm.figures().text("seconds_per_step_lower_quartile"),
                                arm.figures().text("seconds_per_step_upper_quartile")),
                (figures.arms().size() == 1
                                ? "Evaluations and starts of segments not counted."
                                : "The arms take turns, step by step, so that a slow minute hits them all.")
                        + latency(figures),
                true);
        row(
                COST,
                "Pairs per second",
                arm -> arm.figures().text("pairs_per_second"),
                "Global batch over that time.",
                true);
        row(
                COST,
                "Waiting share",
                arm -> arm.figures().text("waiting_share"),
                "Part of a step in which a rank computed nothing: neighbours, gradient pieces, driver.",
                true);
        row(
                COST,
                "Peak memory per rank",
                arm -> arm.figures().text("peak_rank_bytes"),
                "Accounted for each arm: parameters, gradients, activations, blocks and tiles. Arms share a process, and a buffer that they share counts in each.",
                true);
        row(
                COST,
                "Sent per step and rank: loss",
                arm -> arm.figures().text("bytes_per_step", "ring"),
                "Embeddings, their gradients and column sums, between ranks.",
                true);
        row(
                COST,
                "Sent per step and rank: gradients",
                arm -> arm.figures().text("bytes_per_step", "reduce"),
                "Pieces of gradients and parameters, to ranks and driver.",
                false);
        row(
                COST,
                "open_clip, for the same loss",
                arm -> arm.figures().text("bytes_per_step", "open_clip_ring"),
                "What open_clip would send for the loss; computed, not measured.",
                true);
    }

    private void row(String group, String label, Function<ArmFigures, String> cell, String words, boolean brief) {
        rows.add(new Row(group, label, figures.arms().stream().map(cell).toList(), words, brief));
    }

    private void shared(String label, String cell, String words) {
        rows.add(new Row(QUALITY, label, List.of(cell), words, true));
    }

    /** What a time says where ranks wait for most of it; empty where they compute. */
    static String latency(Figures figures) {
        return figures.mostlyWaiting()
                ? " Ranks wait for more than half of a step: at this size it measures latency and scheduling rather than computing."
                : "";
    }

    private static String spikes(ArmFigures arm) {
        String both =
                arm.figures().text("spikes", "loss") + " / " + arm.figures().text("spikes", "gradient_norm");
        return "%s of %s judged"
                .formatted(both.equals("– / –") ? "0" : both, arm.figures().text("spikes", "judged"));
    }

    private static String arrow(FigureSet figures, String key) {
        return figures.text(key, "start") + " → " + figures.text(key, "end");
    }

    /** R@1, R@5 and R@10 in one cell, with one percent sign. */
    private static String slashed(FigureSet figures, String... path) {
        String percent = Unit.NB + "%";
        String joined = Stream.of("r1", "r5", "r10")
                .map(k -> Stream.concat(Stream.of(path), Stream.of(k)).toArray(String[]::new))
                .map(figures::text)
                .map(text -> text.replace(percent, ""))
                .collect(Collectors.joining(" / "));
        return joined.equals("– / – / –") ? Unit.NONE : joined + percent;
    }
}
