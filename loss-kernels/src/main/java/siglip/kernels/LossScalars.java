package siglip.kernels;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;

/**
 * What a loss has learned: one value for each of its scalars.
 *
 * @param loss whose scalars they are
 * @param values as they are learned, in the order of {@link Loss#scalars}
 */
public record LossScalars(Loss loss, List<Double> values) implements Serializable {
    public LossScalars {
        values = List.copyOf(values);
        if (values.size() != loss.scalars().size()) {
            throw new IllegalArgumentException("Cannot take %s for the scalars of the %s loss, which are %s"
                    .formatted(values, loss.id(), loss.scalars()));
        }
        if (!values.stream().allMatch(Double::isFinite)) {
            throw new IllegalArgumentException(
                    "Cannot continue with %s=%s: training has diverged".formatted(loss.scalars(), values));
        }
    }

    public static LossScalars of(Loss loss, double... values) {
        return new LossScalars(loss, DoubleStream.of(values).boxed().toList());
    }

    /**
     * Of values by {@link LossScalar#id}, as {@link #named} gives them.
     *
     * @throws IllegalArgumentException if the names are not those of the loss's scalars
     */
    public static LossScalars of(Loss loss, Map<String, Double> named) {
        List<String> names = loss.scalars().stream().map(LossScalar::id).toList();
        if (named.size() != names.size() || !named.keySet().containsAll(names)) {
            throw new IllegalArgumentException("Cannot take %s for the scalars of the %s loss, which are %s"
                    .formatted(named.keySet(), loss.id(), names));
        }
        return new LossScalars(loss, names.stream().map(named::get).toList());
    }

    /** A scalar of the loss, as it is learned. */
    public double get(LossScalar scalar) {
        return values.get(loss.scalars().indexOf(scalar));
    }

    /** The same with another value for one of them, as it is learned. */
    public LossScalars with(LossScalar scalar, double value) {
        double[] changed = toArray();
        changed[loss.scalars().indexOf(scalar)] = value;
        return of(loss, changed);
    }

    /** As they are learned, by their names in files. */
    public Map<String, Double> named() {
        return loss.named(toArray());
    }

    /** What people are shown, by the names of that. */
    public Map<String, Double> shown() {
        Map<String, Double> shown = new LinkedHashMap<>();
        loss.scalars().forEach(scalar -> shown.put(scalar.shownName(), scalar.shown(get(scalar))));
        return shown;
    }

    /** The part of them that makes logits of similarities; without a bias it is 0. */
    public LogitParams logits() {
        double logScale = get(LossScalar.LOG_SCALE);
        if (loss.has(LossScalar.RELATIVE_BIAS)) {
            return new LogitParams(logScale, -Math.exp(logScale) * get(LossScalar.RELATIVE_BIAS));
        }
        return new LogitParams(logScale, loss.has(LossScalar.BIAS) ? get(LossScalar.BIAS) : 0);
    }

    public double[] toArray() {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
}
