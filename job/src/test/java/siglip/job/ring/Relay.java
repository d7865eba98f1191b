package siglip.job.ring;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Passes connections on to another address, and keeps what went over them. */
final class Relay extends LoopbackServer {
    private final List<ByteArrayOutputStream> recordings = new CopyOnWriteArrayList<>();

    Relay(Address to) throws IOException {
        super(to.port());
    }

    Address address() {
        return new Address(Circle.HOST, port());
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

    @Override
    protected void serve(Socket client, Socket onwards) {
        start(() -> pass(client, onwards));
        start(() -> pass(onwards, client));
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
}
