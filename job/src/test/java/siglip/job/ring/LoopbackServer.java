package siglip.job.ring;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Stands between clients and a server, both on loopback, until it is closed with all connections. */
public abstract class LoopbackServer implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    /** @param to port of the server */
    protected LoopbackServer(int to) throws IOException {
        threads.execute(() -> accept(to));
    }

    private void accept(int to) {
        try {
            while (true) {
                Socket client = server.accept();
                Socket onwards = new Socket(InetAddress.getLoopbackAddress(), to);
                sockets.addAll(List.of(client, onwards));
                serve(client, onwards);
            }
        } catch (IOException closed) {
            // the end
        }
    }

    /** Begins to pass on what comes over a connection, by {@link #start}. */
    protected abstract void serve(Socket client, Socket onwards);

    protected final void start(Runnable work) {
        threads.execute(work);
    }

    public final int port() {
        return server.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        threads.shutdownNow();
    }
}
