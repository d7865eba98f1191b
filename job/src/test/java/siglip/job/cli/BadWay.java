package siglip.job.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import siglip.job.ring.LoopbackServer;

/** The way from an HTTP client to a server, on which each request may meet a fault. */
final class BadWay extends LoopbackServer {
    /** What happens to a request. */
    enum Fault {
        NONE,
        /** The answer is 503, and the server hears nothing. */
        UNAVAILABLE,
        /** The answer is 500 although the server has done what was asked. */
        LOST_ANSWER,
        /** The connection closes halfway through the body, or before the answer if there is none. */
        CUT,
        /** It takes a while. */
        SLOW
    }

    /** @param line such as {@code PUT /bucket/key HTTP/1.1} */
    record Request(long number, String line) {}

    private static final long SLOW_MILLIS = 400;

    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong faults = new AtomicLong();
    private volatile Function<Request, Fault> plan = request -> Fault.NONE;

    BadWay(int to) throws IOException {
        super(to);
    }

    /** Which request, counted from 0, meets which fault from now on. */
    void plan(Function<Request, Fault> next) {
        requests.set(0);
        faults.set(0);
        plan = next;
    }

    long faults() {
        return faults.get();
    }

    @Override
    protected void serve(Socket client, Socket onwards) {
        start(() -> exchanges(client, onwards));
    }

    /** One connection: request, answer, request, answer. */
    private void exchanges(Socket client, Socket onwards) {
        try (client;
                onwards) {
            InputStream asked = new BufferedInputStream(client.getInputStream());
            InputStream answered = new BufferedInputStream(onwards.getInputStream());
            while (exchange(asked, client.getOutputStream(), answered, onwards.getOutputStream())) {
                // and the next
            }
        } catch (IOException | InterruptedException closed) {
            // by either end, or by a fault
        }
    }

    private boolean exchange(InputStream asked, OutputStream answer, InputStream answered, OutputStream onwards)
            throws IOException, InterruptedException {
        String head = head(asked);
        String line = head.lines().findFirst().orElse("");
        Fault fault = plan.apply(new Request(requests.getAndIncrement(), line));
        faults.addAndGet(fault == Fault.NONE ? 0 : 1);
        long body = length(head);
        if (fault == Fault.SLOW) {
            Thread.sleep(SLOW_MILLIS);
        }
        if (head.toLowerCase(Locale.ROOT).contains("expect: 100-continue")) {
            answer.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
            head = head.replaceAll("(?i)expect: 100-continue\r\n", "");
        }
        if (fault == Fault.UNAVAILABLE) {
            asked.skipNBytes(body);
            refuse(answer, "503 Slow Down");
            return false;
        }
        onwards.write(head.getBytes(StandardCharsets.ISO_8859_1));
        copy(asked, onwards, fault == Fault.CUT ? body / 2 : body);
        if (fault == Fault.CUT) {
            return false;
        }
        String answerHead = head(answered);
        boolean nothing = line.startsWith("HEAD ") || answerHead.contains(" 204 ") || answerHead.contains(" 304 ");
        long size = nothing ? 0 : length(answerHead);
        if (fault == Fault.LOST_ANSWER) {
            refuse(answer, "500 Internal Server Error");
            return false; // with what is left of the true answer
        }
        answer.write(answerHead.getBytes(StandardCharsets.ISO_8859_1));
        if (!nothing && answerHead.toLowerCase(Locale.ROOT).contains("transfer-encoding: chunked")) {
            chunks(answered, answer);
        } else {
            copy(answered, answer, size);
        }
        return true;
    }

    private static void refuse(OutputStream answer, String status) throws IOException {
        answer.write("HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                .formatted(status)
                .getBytes(StandardCharsets.ISO_8859_1));
        answer.flush();
    }

    /** Up to and with the empty line. */
    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException();
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private static long length(String head) {
        return head.lines()
                .filter(line -> line.toLowerCase(Locale.ROOT).startsWith("content-length:"))
                .mapToLong(line ->
                        Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
                .findFirst()
                .orElse(0);
    }

    private static void copy(InputStream from, OutputStream to, long count) throws IOException {
        byte[] bytes = new byte[1 << 14];
        long left = count;
        while (left > 0) {
            int part = from.read(bytes, 0, (int) Math.min(left, bytes.length));
            if (part < 0) {
                throw new EOFException();
            }
            to.write(bytes, 0, part);
            left -= part;
        }
        to.flush();
    }

    private static void chunks(InputStream from, OutputStream to) throws IOException {
        while (true) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int next = from.read(); next != '\n'; next = from.read()) {
                if (next < 0) {
                    throw new EOFException();
                }
                line.write(next);
            }
            line.write('\n');
            to.write(line.toByteArray());
            long size = Long.parseLong(
                    line.toString(StandardCharsets.ISO_8859_1).strip().split(";", 2)[0], 16);
            copy(from, to, size + 2);
            if (size == 0) {
                return;
            }
        }
    }
}
