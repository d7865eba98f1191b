package siglip.job.frozen;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import siglip.job.stability.Estimate;
import siglip.job.stability.GradientNoise;
import siglip.kernels.LossScalar;

/** The figures for people: plain ASCII, a block for each model and a line for each loss. */
public final class FrozenTable {
    private static final List<String> HEAD = List.of(
            "gradient of",
            "bias",
            "loss",
            "|G|",
            "noise scale",
            "batch cosine",
            "curvature along G",
            "along the mean logit",
            "cosine with that");

    private final FrozenFigures figures;
    private final StringBuilder out = new StringBuilder();

    private FrozenTable(FrozenFigures figures) {
        this.figures = figures;
    }

    public static String of(FrozenFigures figures) {
        FrozenTable table = new FrozenTable(figures);
        table.line(
                "%,d independent batches of N = %,d pairs. G is the expected gradient of towers and table; noise scales are in pairs,"
                        + " for batches of this N; (from to) is a 95 %% interval.",
                figures.batches(), figures.pairs());
        figures.models().forEach(table::model);
        return table.out.toString();
    }

    private void line(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
    }

    private void model(FrozenFigures.OfModel model) {
        line("");
        line(
                "At the parameters of %s after %,d steps, t = %s; the gradient of the mean logit has length %s",
                model.arm(), model.step(), brief(scale(model)), brief(model.meanLogitSlope()));
        List<List<String>> rows = new ArrayList<>(List.of(HEAD));
        model.losses().forEach(loss -> rows.add(cells(loss)));
        int[] widths = new int[HEAD.size()];
        rows.forEach(row -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        for (List<String> row : rows) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < widths.length; i++) {
                text.append("  ")
                        .append(row.get(i))
                        .append(" ".repeat(widths[i] - row.get(i).length()));
            }
            line("%s", text);
        }
        for (FrozenFigures.Angle angle : model.angles()) {
            Estimate cosine = angle.cosine().get(FrozenFigures.MODEL);
            line(
                    "  angle between the gradients of %s and %s: %s",
                    angle.one(), angle.other(), cosine.equals(Estimate.NONE) ? "unresolved" : degrees(cosine));
        }
    }

    private static double scale(FrozenFigures.OfModel model) {
        return model.scalars().getOrDefault(LossScalar.LOG_SCALE.shownName(), Double.NaN);
    }

    private List<String> cells(FrozenFigures.OfLoss loss) {
        GradientNoise noise = loss.noise().get(FrozenFigures.MODEL);
        return List.of(
                loss.loss(),
                bias(loss),
                brief(loss.value().value()),
                noise.isResolved()
                        ? root(noise.square())
                        : "unresolved: %d batches are too few".formatted(figures.batches()),
                estimate(noise.noiseScale()),
                brief(noise.cosine().value()),
                estimate(loss.along().central()),
                estimate(loss.common().central()),
                estimate(loss.commonCosine()));
    }

    private static String bias(FrozenFigures.OfLoss loss) {
        Double bias = loss.scalars().get(LossScalar.BIAS.shownName());
        Double relative = loss.scalars().get(LossScalar.RELATIVE_BIAS.shownName());
        return bias != null ? brief(bias) : relative != null ? brief(relative) + " relative" : "none";
    }

    private static String root(Estimate square) {
        return estimate(new Estimate(Math.sqrt(square.value()), Math.sqrt(square.low()), Math.sqrt(square.high())));
    }

    /** Of a cosine; its upper end is the lower end of the angle. */
    private static String degrees(Estimate cosine) {
        return "%.0f degrees (%.0f to %.0f)"
                .formatted(degrees(cosine.value()), degrees(cosine.high()), degrees(cosine.low()));
    }

    private static double degrees(double cosine) {
        return Math.toDegrees(Math.acos(Math.max(-1, Math.min(1, cosine))));
    }

    private static String estimate(Estimate of) {
        return Double.isFinite(of.value())
                ? "%s (%s to %s)".formatted(brief(of.value()), brief(of.low()), brief(of.high()))
                : "unresolved";
    }

    /** Three digits. */
    private static String brief(double value) {
        if (value == 0 || !Double.isFinite(value)) {
            return Double.toString(value);
        }
        int digits = 2 - (int) Math.floor(Math.log10(Math.abs(value)));
        return digits > 5
                ? String.format(Locale.ROOT, "%.2e", value)
                : String.format(Locale.ROOT, "%,." + Math.max(0, digits) + "f", value);
    }
}
