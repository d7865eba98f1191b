package siglip.job.losses;

/**
 * What messages between machines take. A message of {@code b} bytes is there {@code latency + b / bandwidth} seconds after it left, messages
 * of one machine leave one after the other, and to send one and receive another takes {@code message + b * processing} seconds of one core.
 *
 * @param bandwidth bytes a second that a machine sends, and as many that it receives at the same time
 * @param latency seconds
 * @param message seconds of one core for sending a message and receiving one
 * @param processing the same for each byte of theirs
 */
public record Network(double bandwidth, double latency, double message, double processing) {
    /** Seconds in which a machine sends {@code count} messages of {@code bytes} in all, and receives as many. */
    public double seconds(long count, double bytes) {
        return count == 0 ? 0 : latency + Math.max(bytes / bandwidth, work(count, bytes));
    }

    /** Seconds of one core for the same. */
    public double work(long count, double bytes) {
        return count * message + bytes * processing;
    }

    /** The same, of processors that are {@code factor} times as slow. */
    public Network slowed(double factor) {
        return new Network(bandwidth, latency, factor * message, factor * processing);
    }
}
