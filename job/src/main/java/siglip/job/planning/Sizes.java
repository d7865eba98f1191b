package siglip.job.planning;

import java.util.Locale;

/** Numbers for people. */
final class Sizes {
    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Sizes() {}

    static String bytes(long bytes) {
        int unit = 0;
        double value = (double) bytes;
        while (value >= 1024 && unit < BYTES.length - 1) {
            value /= 1024;
            unit++;
        }
        return digits(value) + " " + BYTES[unit];
    }

    /** As milliseconds, seconds or hours. */
    static String seconds(double seconds) {
        if (seconds < 1) {
            return digits(1e3 * seconds) + " ms";
        }
        return seconds < 7200 ? digits(seconds) + " s" : digits(seconds / 3600) + " h";
    }

    /** Three digits that count, or all before the point. */
    static String digits(double value) {
        int decimals = value == 0 || value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.095 ? 2 : 3;
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}
