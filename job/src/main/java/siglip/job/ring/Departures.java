package siglip.job.ring;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Blocks on their way to other ranks, each with its receiver, so that a wait for room names the one that has none. */
public final class Departures {
    private record Departure(int peer, CompletableFuture<Void> arrived) {}

    private final List<Departure> departures = new ArrayList<>();

    public void add(int peer, CompletableFuture<Void> arrived) {
        departures.add(new Departure(peer, arrived));
    }

    /** Waits until all have arrived. */
    public void await(RankNode node, String what) {
        for (Departure each : departures) {
            node.await(each.arrived, each.peer, what);
        }
    }
}
