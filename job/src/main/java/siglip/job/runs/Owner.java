package siglip.job.runs;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * A driver that claims a run's folder, as its file says.
 *
 * @param id of this driver, which no other has: 12 hexadecimal digits
 * @param host for people
 * @param pid of its process
 * @param processStarted when its process began; empty where the system does not tell
 * @param processes which list of processes {@code pid} is in: the machine since its start, and the namespace; empty where the system does not tell
 * @param claimed when it claimed the folder, by its own clock; for people
 * @param leaseMillis without a renewal for so long, it counts as gone
 */
record Owner(
        String id, String host, long pid, String processStarted, String processes, String claimed, long leaseMillis) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
    private static final Path NAMESPACE = Path.of("/proc/self/ns/pid");

    /** When a process began is computed from the time since the machine's start, and moves when the clock is set. */
    private static final Duration CLOCK_ERROR = Duration.ofSeconds(30);

    /** This process. */
    static Owner self(Duration lease) {
        ProcessHandle process = ProcessHandle.current();
        return new Owner(
                UUID.randomUUID().toString().replace("-", "").substring(0, 12),
                hostName(),
                process.pid(),
                started(process),
                processList(),
                Instant.now().toString(),
                lease.toMillis());
    }

    /** Whether its process is known to have ended: it would be in the list of processes that this one is in, and is not. */
    boolean isKnownDead() {
        if (processes.isEmpty() || processStarted.isEmpty() || !processes.equals(processList())) {
            return false;
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .flatMap(process -> process.info().startInstant())
                .map(start -> Duration.between(start, Instant.parse(processStarted))
                                .abs()
                                .compareTo(CLOCK_ERROR)
                        > 0)
                .orElse(true);
    }

    byte[] bytes() throws IOException {
        return JSON.writeValueAsBytes(this);
    }

    static Owner parse(byte[] bytes) throws IOException {
        return JSON.readValue(bytes, Owner.class);
    }

    @Override
    public String toString() {
        return "driver %s (process %d on %s, since %s)".formatted(id, pid, host, claimed);
    }

    private static String started(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toString).orElse("");
    }

    private static String processList() {
        try {
            return Files.readString(BOOT).strip() + " " + Files.readSymbolicLink(NAMESPACE);
        } catch (IOException | UnsupportedOperationException notLinux) {
            return "";
        }
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "an unnamed host";
        }
    }
}
