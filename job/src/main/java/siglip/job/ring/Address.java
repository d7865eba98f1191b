package siglip.job.ring;

import java.io.Serializable;

/** Host and port of an endpoint. */
public record Address(String host, int port) implements Serializable {
    static Address parse(String text) {
        int colon = text.lastIndexOf(':');
        return new Address(text.substring(0, colon), Integer.parseInt(text.substring(colon + 1)));
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
