package siglip.job.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Where values lie along an axis, and the round numbers to write at it.
 *
 * @param low value at position 0
 * @param high value at position 1; above {@code low}
 * @param log whether positions follow the logarithm
 * @param ticks round values from {@code low} to {@code high}, rising
 */
record Axis(double low, double high, boolean log, List<Double> ticks) {

    /** A linear axis that ends at round values around the given ones. */
    static Axis linear(double low, double high, int count) {
        double[] range = widened(low, high);
        double step = roundStep((range[1] - range[0]) / count);
        double first = Math.floor(range[0] / step + 1e-9) * step;
        double last = Math.ceil(range[1] / step - 1e-9) * step;
        return new Axis(first, last, false, multiples(first, last, step));
    }

    /** A linear axis that ends exactly at the given values, for counted things such as steps: ticks are whole numbers. */
    static Axis counted(double low, double high, int count) {
        double last = high > low ? high : low + 1;
        double step = Math.max(1, roundStep((last - low) / count));
        return new Axis(low, last, false, multiples(Math.ceil(low / step) * step, last, step));
    }

    /** A logarithmic axis for positive values; ends at 1, 2 or 5 times a power of ten. */
    static Axis logarithmic(double low, double high) {
        List<Double> rounds = new ArrayList<>();
        int last = (int) Math.floor(Math.log10(high)) + 1;
        for (int power = (int) Math.floor(Math.log10(low)); power <= last; power++) {
            for (int digit : new int[] {1, 2, 5}) {
                rounds.add(digit * Math.pow(10, power));
            }
        }
        double first = rounds.stream()
                .filter(r -> r <= low * (1 + 1e-9))
                .reduce((a, b) -> b)
                .orElse(low);
        double end = rounds.stream()
                .filter(r -> r >= high * (1 - 1e-9) && r > first)
                .findFirst()
                .orElse(high);
        List<Double> ticks = rounds.stream().filter(r -> r >= first && r <= end).toList();
        if (ticks.size() > 6) {
            ticks = ticks.stream().filter(Axis::isPowerOfTen).toList();
        }
        int every = (ticks.size() + 5) / 6;
        List<Double> thinned = new ArrayList<>();
        for (int i = 0; i < ticks.size(); i += every) {
            thinned.add(ticks.get(i));
        }
        return new Axis(first, end, true, List.copyOf(thinned));
    }

    /** From 0 at {@code low} to 1 at {@code high}. */
    double position(double value) {
        return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    }

    /** Whether a value can be drawn. */
    boolean shows(double value) {
        return Double.isFinite(value) && (!log || value > 0);
    }

    /** A tick as short as it can be said: 0.05, 250, 20k, 1e-6. */
    String label(double tick) {
        double size = Math.abs(tick);
        if (size >= 1e9 || (size > 0 && size < 1e-4)) {
            return String.format(Locale.ROOT, "%.2e", tick)
                    .replaceFirst("\\.?0*e([+-])0?", "e$1")
                    .replace("e+", "e");
        }
        if (size >= 1e6) {
            return plain(tick / 1e6) + "M";
        }
        return size >= 1e4 ? plain(tick / 1e3) + "k" : plain(tick);
    }

    private static String plain(double value) {
        String text = String.format(Locale.ROOT, "%.5f", value).replaceFirst("\\.?0+$", "");
        return text.equals("-0") ? "0" : text.replace("-", "\u2212");
    }

    private static boolean isPowerOfTen(double value) {
        double power = Math.log10(value);
        return Math.abs(power - Math.rint(power)) < 1e-6;
    }

    private static double[] widened(double low, double high) {
        if (high > low) {
            return new double[] {low, high};
        }
        double margin = low == 0 ? 1 : Math.abs(low) / 10;
        return new double[] {low - margin, low + margin};
    }

    private static double roundStep(double raw) {
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double digit = raw / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    private static List<Double> multiples(double first, double last, double step) {
        List<Double> ticks = new ArrayList<>();
        for (long i = Math.round(first / step); i * step <= last + step * 1e-9; i++) {
            ticks.add(i * step);
        }
        return List.copyOf(ticks);
    }
}
