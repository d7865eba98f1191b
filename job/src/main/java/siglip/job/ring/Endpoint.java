package siglip.job.ring;

import java.io.IOException;
import java.net.BindException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.netty.SparkTransportConf;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.TransportServer;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.TransportConf;
import siglip.job.config.PortRange;
import siglip.job.config.RingSettings;
import siglip.job.config.SettingsException;

/**
 * A server and its clients on Spark's network library, with the authentication and encryption that Spark itself uses. The
 * library is internal to Spark: this class, its {@link FrameGuard} and {@link Node} are the
 * only ones that know it.
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
     * Listens on a port of {@code ring.ports}.
     *
     * @throws SettingsException if nobody may listen there without authentication, or all ports are taken
     */
    Endpoint(Site site, RingSettings settings, RpcHandler handler) {
        this.host = site.host();
        boolean authenticate = site.security().isAuthenticationEnabled();
        if (!authenticate) {
            RingSecurity.requireProtected(site, settings);
        }
        TransportConf transport = SparkTransportConf.fromSparkConf(
                transportSettings(site.conf(), settings), MODULE, IO_THREADS, scala.Option.<String>empty());
        context = new TransportContext(transport, handler);
        List<TransportServerBootstrap> accepting = new ArrayList<>(List.of((channel, next) -> {
            channel.pipeline().addLast(new FrameGuard());
            return next;
        }));
        List<TransportClientBootstrap> connecting =
                new ArrayList<>(List.of((client, channel) -> channel.pipeline().addFirst(new FrameGuard())));
        if (authenticate) {
            accepting.add(new AuthServerBootstrap(transport, site.security()));
            connecting.add(new AuthClientBootstrap(transport, MODULE, site.security()));
        }
        server = listen(context, site.bindHost(), settings.ports(), accepting);
        factory = context.createClientFactory(connecting);
    }

    /** Both ends are ours, so that they need no older form of the key exchange and no fallback. */
    private static SparkConf transportSettings(SparkConf conf, RingSettings settings) {
        // A connection with an unanswered request may be silent for longer than every wait of ours, which end sooner
        // and say more.
        Duration idle = settings.waitTimeout().plusSeconds(30);
        return conf.clone()
                .setIfMissing("spark.ring.io.connectionTimeout", idle.toSeconds() + "s")
                .set("spark.network.crypto.authEngineVersion", "2")
                .set("spark.network.crypto.saslFallback", "false");
    }

    private static TransportServer listen(
            TransportContext context, String bindHost, PortRange ports, List<TransportServerBootstrap> bootstraps) {
        for (int port = ports.first(); port <= ports.last(); port++) {
            try {
                return context.createServer(bindHost, port, bootstraps);
            } catch (Exception e) { // Spark does not declare what binding throws
                if (!(e instanceof BindException) || ports.equals(PortRange.ANY)) {
                    context.close();
                    throw new SettingsException(List.of("cannot listen on %s, port %d (ring.ports=%s): %s"
                            .formatted(bindHost, port, ports, e.getMessage())));
                }
            }
        }
        context.close();
        throw new SettingsException(List.of(
                "cannot listen on %s: all ports of ring.ports=%s are taken. A machine needs one for each rank on it and one for the driver, of each run"
                        .formatted(bindHost, ports)));
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
