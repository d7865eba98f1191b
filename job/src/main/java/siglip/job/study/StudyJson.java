package siglip.job.study;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import siglip.job.config.StudySettings.Axis;

/** {@code study.json}. Its keys stand in {@code docs/metrics.md}; {@code null} says that there is no such number. */
public final class StudyJson {
    /** Rises when a key changes its meaning or goes. */
    private static final int FORMAT = 1;

    private StudyJson() {}

    public static ObjectNode of(StudyFigures figures) {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        StudyPlan plan = figures.plan();
        root.put("format", FORMAT);
        root.put("name", plan.settings().run().name());
        plan.seeds().forEach(root.putArray("seeds")::add);
        ObjectNode axes = root.putObject("axes");
        for (Axis axis : plan.settings().study().axes()) {
            axis.values().forEach(axes.putArray(axis.key())::add);
        }
        plan.settings()
                .study()
                .margin()
                .ifPresentOrElse(margin -> root.put("margin", margin), () -> root.putNull("margin"));
        root.put("runs", plan.cells().size());
        root.put("ended", figures.done());
        ArrayNode groups = root.putArray("groups");
        for (StudyFigures.Group group : figures.groups()) {
            ObjectNode node = groups.addObject();
            group.condition().forEach(node.putObject("condition")::put);
            node.put("over_rates", group.overRates());
            group.queries().forEach(node.putArray("queries")::add);
            ArrayNode all = node.putArray("figures");
            group.figures().forEach(figure -> write(figure, all.addObject()));
        }
        return root;
    }

    private static void write(StudyFigures.Figure figure, ObjectNode node) {
        node.put("metric", figure.metric().key());
        node.put("question", figure.metric().question().key());
        ObjectNode arms = node.putObject("arms");
        figure.arms().forEach((name, sample) -> {
            ObjectNode arm = arms.putObject(name);
            ObjectNode values = arm.putObject("values");
            sample.values().forEach((seed, value) -> values.put(Long.toString(seed), value));
            number(arm, "mean", sample.mean());
            number(arm, "deviation", sample.deviation());
        });
        ArrayNode differences = node.putArray("differences");
        for (ArmDifference difference : figure.differences()) {
            ObjectNode each = differences.addObject();
            each.putArray("between").add(difference.first()).add(difference.second());
            each.put("seeds", difference.pairs());
            each.put("ratio", difference.isRatio());
            number(each, "value", difference.effect().value());
            number(each, "low", difference.effect().low());
            number(each, "high", difference.effect().high());
            number(each, "p", difference.p());
            number(each, "p_in_family", difference.adjusted());
            each.put("verdict", difference.verdict().key());
        }
    }

    private static void number(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }
}
