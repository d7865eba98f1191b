package siglip.job.ring;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.netty.SparkTransportConf;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.util.TransportConf;

/**
 * A server and its clients on Spark's network library, with the authentication and encryption that Spark itself uses. The
 * library is internal to Spark: this class and {@link Node} are the only ones that know it.
 */
final class Endpoint implements AutoCloseable {
    private static final String MODULE = "ring";
    private static final int IO_THREADS = 2;

    private final TransportContext context;
    private final TransportServer server;
    private final TransportClientFactory factory;
    private final List<TransportClient> clients = new CopyOnWriteArrayList<>();
    private final String host;

    /**
     * @param idle how long a connection with an unanswered request may be silent; longer than every wait of ours, which end
     *     sooner and say more
     */
    Endpoint(
            SparkConf conf, SecurityManager security, String host, String bindHost, Duration idle, RpcHandler handler) {
        this.host = host;
        SparkConf ours = conf.clone().setIfMissing("spark.ring.io.connectionTimeout", idle.toSeconds() + "s");
        TransportConf transport =
                SparkTransportConf.fromSparkConf(ours, MODULE, IO_THREADS, scala.Option.<String>empty());
        boolean authenticate = security.isAuthenticationEnabled();
        context = new TransportContext(transport, handler);
        server = context.createServer(
                bindHost, 0, authenticate ? List.of(new AuthServerBootstrap(transport, security)) : List.of());
        factory = context.createClientFactory(
                authenticate ? List.of(new AuthClientBootstrap(transport, MODULE, security)) : List.of());
    }

    /** Where others reach this endpoint. */
    Address address() {
        return new Address(host, server.getPort());
    }

    /** Opens a connection of its own, authenticated when Spark's are. */
    TransportClient connect(Address to) throws IOException, InterruptedException {
        TransportClient client = factory.createUnmanagedClient(to.host(), to.port());
        clients.add(client);
        return client;
    }

    static CompletableFuture<ByteBuffer> rpc(TransportClient to, ByteBuffer message) {
        CompletableFuture<ByteBuffer> answer = new CompletableFuture<>();
        to.sendRpc(message, new RpcResponseCallback() {
            @Override
            public void onSuccess(ByteBuffer response) { // valid inside this call only
                answer.complete(
                        ByteBuffer.allocate(response.remaining()).put(response).flip());
            }

            @Override
            public void onFailure(Throwable cause) {
                answer.completeExceptionally(cause);
            }
        });
        return answer;
    }

    /**
     * Pushes a block.
     *
     * @param arrived told null when all of it has arrived, and only then may the memory be written again; or the failure
     */
    static void push(TransportClient to, ByteBuffer header, ByteBuffer data, Consumer<Throwable> arrived) {
        to.uploadStream(
                new NioManagedBuffer(header), new NioManagedBuffer(data.duplicate()), new RpcResponseCallback() {
                    @Override
                    public void onSuccess(ByteBuffer nothing) {
                        arrived.accept(null);
                    }

                    @Override
                    public void onFailure(Throwable cause) {
                        arrived.accept(cause);
                    }
                });
    }

    @Override
    public void close() {
        clients.forEach(TransportClient::close);
        factory.close();
        server.close();
        context.close();
    }
}
