package siglip.job.ring;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.apache.spark.network.client.TransportClient;

/** Connections that have not said whose they are, and since when. Left alone they would stay open, and count, for as long as the attempt. */
final class Strangers {
    private final Map<TransportClient, Long> since = new ConcurrentHashMap<>();
    private final Duration patience;

    /** @param patience how long a connection may stay without a greeting */
    Strangers(Duration patience) {
        this.patience = patience;
    }

    void add(TransportClient client) {
        since.put(client, System.nanoTime());
    }

    /** It has greeted, or is gone. */
    void remove(TransportClient client) {
        since.remove(client);
    }

    /**
     * Closes those that have not greeted in time.
     *
     * @param known whether a connection has greeted: one may be opened here and be known already
     */
    void dismiss(Predicate<TransportClient> known) {
        long now = System.nanoTime();
        since.forEach((client, start) -> {
            if (!known.test(client) && now - start > patience.toNanos()) {
                client.close();
            }
        });
    }
}
