package siglip.job.ring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.client.ChunkReceivedCallback;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.StreamCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.netty.SparkTransportConf;
import org.apache.spark.network.server.NoOpRpcHandler;
import org.apache.spark.network.util.TransportConf;

/** Somebody who speaks Spark's network protocol and is no rank of the ring. */
final class Stranger implements AutoCloseable {
    private final TransportContext context;
    private final TransportClientFactory factory;
    private final TransportClient client;

    /**
     * @param authenticate whether to show the secret in {@code conf}
     * @throws IOException if the connection, or the secret, is refused
     */
    Stranger(Address to, SparkConf conf, boolean authenticate) throws IOException, InterruptedException {
        SparkConf settings = conf.clone()
                .set("spark.network.crypto.authEngineVersion", "2")
                .set("spark.network.crypto.saslFallback", "false")
                .set("spark.ring.io.connectionTimeout", "20s");
        TransportConf transport = SparkTransportConf.fromSparkConf(settings, "ring", 1, scala.Option.<String>empty());
        context = new TransportContext(transport, new NoOpRpcHandler());
        List<TransportClientBootstrap> bootstraps = authenticate
                ? List.of(new AuthClientBootstrap(
                        transport, "ring", Circle.site(conf).security()))
                : List.of();
        factory = context.createClientFactory(bootstraps);
        try {
            client = factory.createUnmanagedClient(to.host(), to.port());
        } catch (IOException | RuntimeException | InterruptedException e) {
            factory.close();
            context.close();
            throw e;
        }
    }

    TransportClient client() {
        return client;
    }

    /** Sends a request and waits for the answer. */
    ByteBuffer ask(ByteBuffer message) throws Exception {
        return await(Endpoint.rpc(client, message));
    }

    /** Sends a request and cares for no answer. */
    void request(ByteBuffer message) {
        client.sendRpc(message, new RpcResponseCallback() {
            @Override
            public void onSuccess(ByteBuffer answer) {}

            @Override
            public void onFailure(Throwable cause) {}
        });
    }

    /** Sends a block and waits until it is taken. */
    void push(ByteBuffer header, ByteBuffer data) throws Exception {
        CompletableFuture<Void> arrived = new CompletableFuture<>();
        Endpoint.push(client, header, data, cause -> {
            if (cause == null) {
                arrived.complete(null);
            } else {
                arrived.completeExceptionally(cause);
            }
        });
        await(arrived);
    }

    /** Asks for a chunk. */
    void pullChunk() throws Exception {
        CompletableFuture<Void> served = new CompletableFuture<>();
        client.fetchChunk(0, 0, new ChunkReceivedCallback() {
            @Override
            public void onSuccess(int chunk, ManagedBuffer buffer) {
                served.complete(null);
            }

            @Override
            public void onFailure(int chunk, Throwable cause) {
                served.completeExceptionally(cause);
            }
        });
        await(served);
    }

    /** Asks for a stream. */
    void pullStream() throws Exception {
        CompletableFuture<Void> served = new CompletableFuture<>();
        client.stream("/jars/job.jar", new StreamCallback() {
            @Override
            public void onData(String stream, ByteBuffer part) {
                served.complete(null);
            }

            @Override
            public void onComplete(String stream) {
                served.complete(null);
            }

            @Override
            public void onFailure(String stream, Throwable cause) {
                served.completeExceptionally(cause);
            }
        });
        await(served);
    }

    private static <T> T await(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IOException("refused: " + e.getCause().getMessage(), e.getCause());
        }
    }

    @Override
    public void close() {
        client.close();
        factory.close();
        context.close();
    }
}
