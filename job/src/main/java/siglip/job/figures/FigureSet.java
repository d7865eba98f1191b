package siglip.job.figures;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures by their path, in the order in which they were added. */
public final class FigureSet {
    private final Map<List<String>, Figure> figures = new LinkedHashMap<>();

    void add(Unit unit, double value, String... path) {
        Figure figure = new Figure(List.of(path), value, unit);
        if (figures.putIfAbsent(figure.path(), figure) != null) {
            throw new IllegalArgumentException("Cannot add figure %s twice".formatted(figure.path()));
        }
    }

    public boolean has(String... path) {
        return figures.containsKey(List.of(path));
    }

    /** The figure at this path; where an arm has none, one without a value. */
    public Figure get(String... path) {
        return figures.getOrDefault(List.of(path), new Figure(List.of(path), Double.NaN, Unit.NUMBER));
    }

    public double value(String... path) {
        return get(path).value();
    }

    public String text(String... path) {
        return get(path).text();
    }

    Collection<Figure> all() {
        return Collections.unmodifiableCollection(figures.values());
    }
}
