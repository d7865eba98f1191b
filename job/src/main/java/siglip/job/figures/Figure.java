package siglip.job.figures;

import java.util.List;

/**
 * One number about an arm or a run, computed once: the page, the terminal and {@code metrics.json} all take it from here.
 *
 * @param path of keys in {@code metrics.json}, below the arm or the run
 * @param value NaN if there is no such number
 * @param unit how people read it
 */
public record Figure(List<String> path, double value, Unit unit) {
    public String text() {
        return unit.format(value);
    }
}
