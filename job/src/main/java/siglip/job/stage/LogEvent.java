package siglip.job.stage;

import java.util.Locale;

/** One line of the log for programs: {@code event=NAME key=value ...}. Values with spaces, quotes or "=" are quoted as in JSON. */
public final class LogEvent {
    private final StringBuilder line = new StringBuilder();

    public LogEvent(String name) {
        line.append("event=").append(name);
    }

    public LogEvent with(String key, long value) {
        return append(key, Long.toString(value));
    }

    public LogEvent with(String key, double value) {
        return append(key, String.format(Locale.ROOT, "%.3f", value));
    }

    public LogEvent with(String key, String value) {
        boolean plain = !value.isEmpty()
                && value.chars().allMatch(c -> c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f);
        return append(key, plain ? value : quoted(value));
    }

    private LogEvent append(String key, String value) {
        line.append(' ').append(key).append('=').append(value);
        return this;
    }

    private static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        value.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                text.append('\\').append((char) c);
            } else if (c < ' ') { // a line of the log stays one line
                text.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                text.append((char) c);
            }
        });
        return text.append('"').toString();
    }

    @Override
    public String toString() {
        return line.toString();
    }
}
