package siglip.job.ring;

import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.server.StreamManager;

/** Nothing can be pulled: Spark asks the stream manager before, and without, authentication. */
final class NoPull extends StreamManager {
    @Override
    public ManagedBuffer getChunk(long stream, int chunk) {
        throw new UnsupportedOperationException("Cannot serve a chunk: blocks are pushed");
    }

    @Override
    public void checkAuthorization(TransportClient client, long stream) {
        throw new SecurityException("Cannot serve a stream: blocks are pushed");
    }

    @Override
    public void checkAuthorization(TransportClient client, String stream) {
        throw new SecurityException("Cannot serve a stream: blocks are pushed");
    }
}
