package siglip.job.ring;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Host and port of an endpoint. */
public record Address(String host, int port) implements Serializable {
    /** A host name has at most 253 characters, a port 5 digits. */
    static final int MAX_LENGTH = 253 + 1 + 5;

    private static final Pattern FORM = Pattern.compile("(\\S+):(\\d{1,5})");

    static Address parse(String text) {
        Matcher matcher = FORM.matcher(text.length() <= MAX_LENGTH ? text : "");
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > 65_535) {
            throw new IllegalArgumentException("Cannot read an address: it has not the form host:port");
        }
        return new Address(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
