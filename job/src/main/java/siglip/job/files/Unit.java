package siglip.job.files;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/** How a figure is written for people. Programs read the plain number from {@code metrics.json}, in the unit named there. */
public enum Unit {
    /** A plain number, to four digits. */
    NUMBER {
        @Override
        String finite(double value) {
            double size = Math.abs(value);
            if (size != 0 && (size < 1e-3 || size >= 1e6)) {
                return String.format(Locale.ROOT, "%.2e", value).replace('-', MINUS);
            }
            int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4;
            return String.format(Locale.ROOT, "%." + decimals + "f", value).replace('-', MINUS);
        }
    },
    /** A share from 0 to 1, as a percentage. */
    SHARE {
        @Override
        String finite(double value) {
            return percent(value).toPlainString() + NB + "%";
        }

        @Override
        public double plotted(double value) {
            return 100 * value;
        }
    },
    /** A whole number. */
    COUNT {
        @Override
        String finite(double value) {
            return String.format(Locale.ROOT, "%,.0f", value);
        }
    },
    /** A multiple of something. */
    TIMES {
        @Override
        String finite(double value) {
            return String.format(Locale.ROOT, value < 100 ? "%.1f" : "%,.0f", value) + "×";
        }
    },
    SECONDS {
        @Override
        String finite(double value) {
            double size = Math.abs(value);
            if (size >= 120) {
                long whole = Math.round(value);
                return whole >= 7200
                        ? "%d%sh %02d%smin".formatted(whole / 3600, NB, whole % 3600 / 60, NB)
                        : "%d%smin %02d%ss".formatted(whole / 60, NB, whole % 60, NB);
            }
            if (size == 0) {
                return "0" + NB + "s";
            }
            if (size >= 1) {
                return digits(value) + NB + "s";
            }
            return size >= 1e-3 ? digits(1e3 * value) + NB + "ms" : digits(1e6 * value) + NB + "µs";
        }
    },
    BYTES {
        @Override
        String finite(double value) {
            double scaled = value;
            int prefix = 0;
            while (Math.abs(scaled) >= 1024 && prefix < PREFIXES.length - 1) {
                scaled /= 1024;
                prefix++;
            }
            return (prefix == 0 ? String.format(Locale.ROOT, "%.0f", scaled) : digits(scaled)) + NB + PREFIXES[prefix];
        }
    };

    /** Between a number and its unit: a space at which no line breaks. */
    public static final String NB = "\u00a0";

    /** As wide as a plus sign. */
    public static final char MINUS = '\u2212';

    /** Stands for a figure that does not exist. */
    public static final String NONE = "–";

    private static final String[] PREFIXES = {"B", "KiB", "MiB", "GiB", "TiB"};

    /** For people: {@link #NONE} for NaN, in words for an infinity. */
    public String format(double value) {
        if (Double.isNaN(value)) {
            return NONE;
        }
        return Double.isInfinite(value) ? "infinite" : finite(value);
    }

    /** Where a value lies on the axis of a plot. */
    public double plotted(double value) {
        return value;
    }

    /** As {@link #format} in plain ASCII: terminals and log files of a bare container know no more. */
    public String plain(double value) {
        return ascii(format(value));
    }

    /** The same of a whole number. */
    public String plain(long value) {
        return plain((double) value);
    }

    /** A text with figures in plain ASCII. */
    public static String ascii(String text) {
        return text.replace("→", "->")
                .replace("×", "x")
                .replace(NONE, "-")
                .replace("µ", "u")
                .replace(MINUS, '-')
                .replace(NB, " ");
    }

    /** A finite share in per cent, with the digits that {@link #SHARE} prints. */
    public static BigDecimal percent(double share) {
        double percent = 100 * share;
        return BigDecimal.valueOf(percent)
                .setScale(percent != 0 && Math.abs(percent) < 0.1 ? 2 : 1, RoundingMode.HALF_UP);
    }

    /** Three digits, for the edge of a plot. */
    public static String brief(double value) {
        double size = Math.abs(value);
        if (size != 0 && (size < 1e-4 || size >= 1e7)) {
            return String.format(Locale.ROOT, "%.1e", value).replace('-', MINUS);
        }
        int decimals = size == 0 ? 0 : Math.max(0, 2 - (int) Math.floor(Math.log10(size)));
        return String.format(Locale.ROOT, "%." + decimals + "f", value).replace('-', MINUS);
    }

    abstract String finite(double value);

    /** Three digits. */
    private static String digits(double value) {
        double size = Math.abs(value);
        return String.format(Locale.ROOT, size >= 99.95 ? "%,.0f" : size >= 9.995 ? "%.1f" : "%.2f", value);
    }
}
