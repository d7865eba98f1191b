package siglip.job.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import siglip.job.stability.Statistics;

/**
 * A line of a plot.
 *
 * @param label in the legend; empty for a line that another's label covers
 * @param colour class of the style sheet: {@code arm0}, {@code muted}
 * @param style how it is drawn
 * @param x rising; shared
 * @param y as long as {@code x}; values that are not finite leave a gap; shared
 */
record Curve(String label, String colour, Style style, double[] x, double[] y) {

    /** How a line is drawn. The names are classes of the style sheet. */
    enum Style {
        SOLID,
        DASHED,
        /** Each step, under a smoothed line of the same colour. */
        FAINT,
        /** A level that does not move. */
        DOTTED,
        /** With a dot at each value, for values that are few. */
        POINTS,
        /** The same, dashed. */
        DASHED_POINTS
    }

    Curve {
        if (x.length != y.length) {
            throw new IllegalArgumentException(
                    "Cannot draw '%s': %d values at %d places".formatted(label, y.length, x.length));
        }
    }

    Curve named(String other) {
        return new Curve(other, colour, style, x, y);
    }

    /** Faint lines have a smoothed one for that, and some have no label. */
    boolean inLegend() {
        return style != Style.FAINT && !label.isEmpty();
    }

    /** The last finite value; NaN if there is none. */
    double last() {
        return Arrays.stream(y)
                .filter(Double::isFinite)
                .reduce((earlier, later) -> later)
                .orElse(Double.NaN);
    }

    /**
     * The indices to draw when there are more values than pixels. The values are cut into {@code buckets} runs; of each the
     * first, the last, the smallest and the largest are kept, and every value that is not finite next to one that is: no spike
     * and no gap is lost.
     */
    static int[] thinned(double[] y, int buckets) {
        List<Integer> kept = new ArrayList<>();
        boolean all = y.length <= 4 * buckets;
        for (int b = 0; b < buckets && !all; b++) {
            int from = (int) ((long) y.length * b / buckets);
            int to = (int) ((long) y.length * (b + 1) / buckets);
            int low = from;
            int high = from;
            for (int i = from; i < to; i++) {
                low = y[i] < y[low] || !Double.isFinite(y[low]) ? i : low;
                high = y[i] > y[high] || !Double.isFinite(y[high]) ? i : high;
            }
            for (int i = from; i < to; i++) {
                boolean edge = i > 0 && Double.isFinite(y[i]) != Double.isFinite(y[i - 1]);
                if (i == from || i == to - 1 || i == low || i == high || edge) {
                    kept.add(i);
                }
            }
        }
        return all
                ? IntStream.range(0, y.length).toArray()
                : kept.stream().mapToInt(Integer::intValue).toArray();
    }

    /** The running median over {@code window} values around each of about {@code count} places. */
    Curve smoothed(String smoothLabel, int window, int count) {
        int places = Math.min(count, y.length);
        double[] smoothX = new double[places];
        double[] smoothY = new double[places];
        for (int p = 0; p < places; p++) {
            int centre = places == 1 ? 0 : (int) ((long) (y.length - 1) * p / (places - 1));
            int from = Math.max(0, centre - window / 2);
            int to = Math.min(y.length, centre + window / 2 + 1);
            smoothX[p] = x[centre];
            smoothY[p] = Statistics.median(Arrays.copyOfRange(y, from, to));
        }
        return new Curve(smoothLabel, colour, Style.SOLID, smoothX, smoothY);
    }
}
