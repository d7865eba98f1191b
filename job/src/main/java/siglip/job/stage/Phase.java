package siglip.job.stage;

import com.fasterxml.jackson.annotation.JsonValue;

/** What a rank does in a step: first what it computes, then what it waits for. */
public enum Phase {
    BATCH("batch", "taking the batch; counted for the first arm of a step"),
    FORWARD("forward", "both towers, forward"),
    LOSS("loss", "products and element-wise part of the loss"),
    BACKWARD("backward", "both towers, backward"),
    HOPS("hops", "waiting for blocks of the neighbours"),
    REDUCE("reduce", "exchanging and adding gradient pieces"),
    /** No rank measures it: the driver's own seconds, as far as the wait for new parameters reaches. */
    DRIVER("driver", "waiting while the driver adds up, optimises and sends"),
    UPDATE("update", "the rest of the wait for new parameters");

    private final String key;
    private final String words;

    Phase(String key, String words) {
        this.key = key;
        this.words = words;
    }

    /** Its name in tables, in keys of JSON and in the report's style sheet. */
    @JsonValue
    public String key() {
        return key;
    }

    public String words() {
        return words;
    }

    /** Whether the rank computes nothing in it. */
    public boolean waiting() {
        return compareTo(HOPS) >= 0;
    }
}
