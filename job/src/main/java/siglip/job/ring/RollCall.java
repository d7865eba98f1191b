package siglip.job.ring;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.network.client.RpcResponseCallback;

/** Requests that are answered when every rank has made one. Guarded by its owner. */
final class RollCall {
    private final RpcResponseCallback[] waiting;
    private int present;

    RollCall(int ranks) {
        waiting = new RpcResponseCallback[ranks];
    }

    /** Notes the request of {@code rank}; true when it was the last one missing. */
    boolean answer(int rank, RpcResponseCallback reply) {
        if (waiting[rank] != null) {
            throw new IllegalArgumentException("Cannot take rank " + rank + " twice");
        }
        waiting[rank] = reply;
        return ++present == waiting.length;
    }

    /** The ranks that have made none. */
    List<Integer> absent() {
        return IntStream.range(0, waiting.length)
                .filter(rank -> waiting[rank] == null)
                .boxed()
                .toList();
    }

    void reply(ByteBuffer answer) {
        for (RpcResponseCallback each : waiting) {
            each.onSuccess(answer.duplicate());
        }
    }
}
