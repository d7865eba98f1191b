package siglip.job.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.FigureSet;
import siglip.job.figures.Figures;
import siglip.job.figures.Unit;
import siglip.job.stage.Phase;
import siglip.job.stage.PhaseSeconds;

/** The plots of what a step cost: time by phase, waiting by rank, bytes. */
final class CostPlots {
    /** More ranks than this are drawn as points, not as bars. */
    private static final int BARS_TO = 6;

    private final Figures figures;

    CostPlots(Figures figures) {
        this.figures = figures;
    }

    /** Writes those plots that have something to show. */
    void write(Markup page) {
        BarPlot phases = phases();
        if (!phases.empty()) {
            phases.write(page);
            if (ranks() <= BARS_TO) {
                waitingBars().write(page);
            } else {
                waitingPoints().write(page);
            }
        }
        for (BarPlot bytes : List.of(lossBytes(), allBytes())) {
            if (!bytes.empty()) {
                bytes.write(page);
            }
        }
    }

    private int ranks() {
        return figures.arms().stream()
                .mapToInt(arm -> arm.times().ranks().size())
                .max()
                .orElse(0);
    }

    private BarPlot phases() {
        double longest = figures.arms().stream()
                .mapToDouble(arm -> PhaseSeconds.of(arm.times()::seconds).total())
                .max()
                .orElse(1);
        BarPlot plot = seconds("Time per step by phase", longest)
                .words(
                        "Mean over ranks and over the middle half of the steps by duration. Cool colours compute, warm colours wait. "
                                + "The batch is counted for the first arm of a step.");
        for (int index = 0; index < figures.arms().size(); index++) {
            ArmFigures arm = figures.arms().get(index);
            plot.bar(
                    arm.name(),
                    TrainingPlots.colour(index),
                    Arrays.stream(Phase.values())
                            .map(phase -> new BarPlot.Part(
                                    "phase-" + phase.key(),
                                    phase.key(),
                                    arm.times().seconds(phase)))
                            .toList());
        }
        return plot;
    }

    private BarPlot waitingBars() {
        double longest = figures.arms().stream()
                .flatMapToDouble(
                        arm -> IntStream.range(0, arm.times().ranks().size()).mapToDouble(rank -> waiting(arm, rank)))
                .max()
                .orElse(1);
        BarPlot plot = seconds("Waiting per rank", longest)
                .words(
                        "Time of a step in which a rank computed nothing. A rank that waits less than the others is the one they wait for.");
        for (int rank = 0; rank < ranks(); rank++) {
            for (int index = 0; index < figures.arms().size(); index++) {
                ArmFigures arm = figures.arms().get(index);
                if (rank < arm.times().ranks().size()) {
                    List<BarPlot.Part> parts = new ArrayList<>();
                    for (Phase phase : Phase.values()) {
                        if (phase.waiting()) {
                            double value = arm.times().ranks().get(rank).get(phase);
                            parts.add(new BarPlot.Part("phase-" + phase.key(), phase.key(), value));
                        }
                    }
                    plot.bar("rank %d, %s".formatted(rank, arm.name()), TrainingPlots.colour(index), parts);
                }
            }
        }
        return plot;
    }

    private LinePlot waitingPoints() {
        LinePlot plot = new LinePlot("Waiting per rank", "rank", "ms per step")
                .fromZero()
                .words(
                        "Time of a step in which a rank computed nothing. A rank that waits less than the others is the one they wait for.");
        for (int index = 0; index < figures.arms().size(); index++) {
            ArmFigures arm = figures.arms().get(index);
            int ranks = arm.times().ranks().size();
            plot.add(new Curve(
                    arm.name(),
                    TrainingPlots.colour(index),
                    Curve.Style.POINTS,
                    IntStream.range(0, ranks).asDoubleStream().toArray(),
                    IntStream.range(0, ranks)
                            .mapToDouble(rank -> 1e3 * waiting(arm, rank))
                            .toArray()));
        }
        return plot;
    }

    /** What the loss needs, beside open_clip: gradients are left out, because they are no part of the loss. */
    private BarPlot lossBytes() {
        double longest = largest(arm -> Math.max(
                arm.figures().value("bytes_per_step", "ring"),
                arm.figures().value("bytes_per_step", "open_clip_ring")));
        BarPlot plot = bytes("Bytes sent for the loss", longest)
                .words(
                        "Per step and rank: embeddings, their gradients, column sums. Dashed: what open_clip would send for them; computed, not measured.");
        for (int index = 0; index < figures.arms().size(); index++) {
            ArmFigures arm = figures.arms().get(index);
            String colour = TrainingPlots.colour(index);
            double ring = arm.figures().value("bytes_per_step", "ring");
            double openClip = arm.figures().value("bytes_per_step", "open_clip_ring");
            plot.bar(arm.name(), colour, List.of(new BarPlot.Part("bytes-ring", "here", ring)));
            plot.bar(
                    arm.name() + ", open_clip",
                    colour,
                    List.of(new BarPlot.Part("bytes-open-clip", "open_clip", openClip)));
        }
        return plot;
    }

    private BarPlot allBytes() {
        double longest = largest(arm ->
                arm.figures().value("bytes_per_step", "ring") + arm.figures().value("bytes_per_step", "reduce"));
        BarPlot plot = bytes("All bytes sent", longest).words("Per step and rank, to other ranks and the driver.");
        for (int index = 0; index < figures.arms().size(); index++) {
            FigureSet values = figures.arms().get(index).figures();
            plot.bar(
                    figures.arms().get(index).name(),
                    TrainingPlots.colour(index),
                    List.of(
                            new BarPlot.Part("bytes-ring", "for the loss", values.value("bytes_per_step", "ring")),
                            new BarPlot.Part(
                                    "bytes-reduce",
                                    "gradients and parameters",
                                    values.value("bytes_per_step", "reduce"))));
        }
        return plot;
    }

    private double largest(ToDoubleFunction<ArmFigures> value) {
        return figures.arms().stream()
                .mapToDouble(value)
                .filter(Double::isFinite)
                .max()
                .orElse(1);
    }

    private static BarPlot bytes(String title, double longest) {
        int prefix = longest >= 1 << 20 ? 2 : longest >= 1 << 10 ? 1 : 0;
        return new BarPlot(title, List.of("bytes", "KiB", "MiB").get(prefix), 1L << (10 * prefix), Unit.BYTES);
    }

    private static BarPlot seconds(String title, double longest) {
        boolean short_ = longest < 2;
        return new BarPlot(title, short_ ? "ms per step" : "s per step", short_ ? 1e-3 : 1, Unit.SECONDS);
    }

    private static double waiting(ArmFigures arm, int rank) {
        return arm.times().ranks().get(rank).waiting();
    }
}
