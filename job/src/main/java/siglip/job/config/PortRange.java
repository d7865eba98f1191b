package siglip.job.config;

import java.io.Serializable;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * TCP ports to listen on.
 *
 * @param first the lowest; 0 for any that is free
 * @param last the highest, at least {@code first}
 */
public record PortRange(int first, int last) implements Serializable {
    /** Any port that is free. */
    public static final PortRange ANY = new PortRange(0, 0);

    private static final int HIGHEST = 65_535;
    private static final Pattern TEXT = Pattern.compile("(\\d{1,5})(?:\\s*-\\s*(\\d{1,5}))?");

    public PortRange {
        if (first < 0 || last < first || last > HIGHEST || (first == 0 && last > 0)) {
            throw new IllegalArgumentException("Cannot listen on the ports %d to %d".formatted(first, last));
        }
    }

    /** Reads {@code 0}, a port, or the first and the last port with a hyphen between; empty if the text is none of these. */
    static Optional<PortRange> parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int first = Integer.parseInt(matcher.group(1));
        int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
        boolean usable = first <= last && last <= HIGHEST && (first > 0 || last == 0);
        return usable ? Optional.of(new PortRange(first, last)) : Optional.empty();
    }

    @Override
    public String toString() {
        return first == last ? Integer.toString(first) : first + "-" + last;
    }
}
