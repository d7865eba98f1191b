package siglip.job.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.ArmMetric;
import siglip.job.files.Unit;
import siglip.job.stage.Phase;
import siglip.job.stage.PhaseSeconds;

/** The plots of what a step cost: time by phase, waiting by rank, bytes. */
final class CostPlots {
    /** More ranks than this are drawn as points, not as bars. */
    private static final int BARS_TO = 6;

    private final RunView run;

    CostPlots(RunView run) {
        this.run = run;
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
        return run.figures().arms().stream()
                .mapToInt(arm -> arm.times().ranks().size())
                .max()
                .orElse(0);
    }

    private BarPlot phases() {
        double longest = largest(arm -> arm.times().mean().total());
        BarPlot plot = seconds("Time per step by phase", longest)
                .words(
                        "Mean over ranks and over the middle half of the steps by duration. Cool colours compute, warm colours wait. "
                                + "The batch is counted for the first arm of a step.");
        for (ArmView arm : run.arms()) {
            PhaseSeconds mean = arm.figures().times().mean();
            plot.bar(
                    arm.name(),
                    arm.colour(),
                    Arrays.stream(Phase.values())
                            .map(phase -> new BarPlot.Part("phase-" + phase.key(), phase.key(), mean.get(phase)))
                            .toList());
        }
        return plot;
    }

    private BarPlot waitingBars() {
        double longest = run.figures().arms().stream()
                .flatMap(arm -> arm.times().ranks().stream())
                .mapToDouble(PhaseSeconds::waiting)
                .max()
                .orElse(1);
        BarPlot plot = seconds("Waiting per rank", longest)
                .words(
                        "Time of a step in which a rank computed nothing. A rank that waits less than the others is the one they wait for.");
        for (int rank = 0; rank < ranks(); rank++) {
            for (ArmView arm : run.arms()) {
                List<PhaseSeconds> times = arm.figures().times().ranks();
                if (rank < times.size()) {
                    List<BarPlot.Part> parts = new ArrayList<>();
                    for (Phase phase : Phase.values()) {
                        if (phase.waiting()) {
                            double value = times.get(rank).get(phase);
                            parts.add(new BarPlot.Part("phase-" + phase.key(), phase.key(), value));
                        }
                    }
                    plot.bar("rank %d, %s".formatted(rank, arm.name()), arm.colour(), parts);
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
        for (ArmView arm : run.arms()) {
            List<PhaseSeconds> ranks = arm.figures().times().ranks();
            plot.add(new Curve(
                    arm.name(),
                    arm.colour(),
                    Curve.Style.POINTS,
                    IntStream.range(0, ranks.size()).asDoubleStream().toArray(),
                    ranks.stream().mapToDouble(rank -> 1e3 * rank.waiting()).toArray()));
        }
        return plot;
    }

    /** What the loss needs, beside open_clip: gradients are left out, because they are no part of the loss. */
    private BarPlot lossBytes() {
        double longest = largest(arm -> Math.max(arm.get(ArmMetric.RING_BYTES), arm.get(ArmMetric.OPEN_CLIP_BYTES)));
        BarPlot plot = bytes("Bytes sent for the loss", longest)
                .words(
                        "Per step and rank: embeddings, their gradients, column sums. Dashed: what open_clip would send for them; computed, not measured.");
        for (ArmView arm : run.arms()) {
            double ring = arm.figures().get(ArmMetric.RING_BYTES);
            double openClip = arm.figures().get(ArmMetric.OPEN_CLIP_BYTES);
            plot.bar(arm.name(), arm.colour(), List.of(new BarPlot.Part("bytes-ring", "here", ring)));
            plot.bar(
                    arm.name() + ", open_clip",
                    arm.colour(),
                    List.of(new BarPlot.Part("bytes-open-clip", "open_clip", openClip)));
        }
        return plot;
    }

    private BarPlot allBytes() {
        double longest = largest(arm -> arm.get(ArmMetric.RING_BYTES) + arm.get(ArmMetric.REDUCE_BYTES));
        BarPlot plot = bytes("All bytes sent", longest).words("Per step and rank, to other ranks and the driver.");
        for (ArmView arm : run.arms()) {
            double ring = arm.figures().get(ArmMetric.RING_BYTES);
            double reduce = arm.figures().get(ArmMetric.REDUCE_BYTES);
            plot.bar(
                    arm.name(),
                    arm.colour(),
                    List.of(
                            new BarPlot.Part("bytes-ring", "for the loss", ring),
                            new BarPlot.Part("bytes-reduce", "gradients and parameters", reduce)));
        }
        return plot;
    }

    private double largest(ToDoubleFunction<ArmFigures> value) {
        return run.figures().arms().stream()
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
}
