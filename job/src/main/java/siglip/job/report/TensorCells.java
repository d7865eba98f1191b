package siglip.job.report;

import java.util.Comparator;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.TensorFigures;
import siglip.job.files.Unit;
import siglip.job.stability.SpikeLead;

/** Of the tensors of an arm, those at the ends, as cells of the table. */
final class TensorCells {
    private TensorCells() {}

    /** The tensor whose ratio was large before spikes of the loss most often beyond chance. */
    static String lead(ArmFigures arm) {
        Comparator<Map.Entry<String, TensorFigures>> order =
                Comparator.comparingDouble(each -> beyondChance(each.getValue().lead()));
        return arm.tensors().entrySet().stream()
                .max(order)
                .map(each -> {
                    SpikeLead lead = each.getValue().lead();
                    String steps = lead.preceded() == 0
                            ? ""
                            : ", by %s steps; by chance %s (%s)"
                                    .formatted(
                                            Unit.NUMBER.format(lead.steps()),
                                            Unit.NUMBER.format(lead.byChance() * lead.watched()),
                                            each.getKey());
                    return "%d of %d%s".formatted(lead.preceded(), lead.watched(), steps);
                })
                .orElse(Unit.NONE);
    }

    private static double beyondChance(SpikeLead lead) {
        double chance = Double.isNaN(lead.byChance()) ? 0 : lead.byChance();
        return lead.preceded() - chance * lead.watched();
    }

    /** The least or largest of a figure over the tensors, and whose it is. */
    static String extreme(ArmFigures arm, ToDoubleFunction<TensorFigures> figure, boolean largest) {
        Comparator<Map.Entry<String, TensorFigures>> order =
                Comparator.comparingDouble(each -> figure.applyAsDouble(each.getValue()));
        return arm.tensors().entrySet().stream()
                .filter(each -> Double.isFinite(figure.applyAsDouble(each.getValue())))
                .max(largest ? order : order.reversed())
                .map(each ->
                        "%s (%s)".formatted(Unit.NUMBER.format(figure.applyAsDouble(each.getValue())), each.getKey()))
                .orElse(Unit.NONE);
    }
}
