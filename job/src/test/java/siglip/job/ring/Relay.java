package siglip.job.ring;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Passes connections on to another address, and keeps what went over them. */
final class Relay implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Address to;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<ByteArrayOutputStream> recordings = new CopyOnWriteArrayList<>();

    Relay(Address to) throws IOException {
        this.to = to;
        threads.execute(this::accept);
    }

    Address address() {
        return new Address(Circle.HOST, server.getLocalPort());
    }

    /** Everything that went over each connection so far, each direction apart. */
    List<byte[]> recorded() {
        List<byte[]> all = new ArrayList<>();
        for (ByteArrayOutputStream each : recordings) {
            synchronized (each) {
                all.add(each.toByteArray());
            }
        }
        return all;
    }

    private void accept() {
        try {
            while (true) {
                Socket from = server.accept();
                Socket onwards = new Socket(InetAddress.getLoopbackAddress(), to.port());
                sockets.addAll(List.of(from, onwards));
                threads.execute(() -> pass(from, onwards));
                threads.execute(() -> pass(onwards, from));
            }
        } catch (IOException closed) {
            // the end of the relay
        }
    }

    private void pass(Socket from, Socket onwards) {
        ByteArrayOutputStream recording = new ByteArrayOutputStream();
        recordings.add(recording);
        byte[] bytes = new byte[1 << 16];
        try (InputStream in = from.getInputStream();
                OutputStream out = onwards.getOutputStream()) {
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                synchronized (recording) {
                    recording.write(bytes, 0, count);
                }
                out.write(bytes, 0, count);
            }
        } catch (IOException closed) {
            // the other direction ends as well
        }
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
