package siglip.job.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What this process holds: threads of the ring, ports that it listens on, open files. Linux only. */
record Leftovers(List<String> ringThreads, Set<String> ports, int files) {
    private static final String LISTENING = "0A";

    static Leftovers now() throws IOException {
        List<String> threads = Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("ring-"))
                .sorted()
                .toList();
        Set<String> sockets = new HashSet<>();
        int files = 0;
        for (String target : open()) {
            files++;
            if (target.startsWith("socket:[")) {
                sockets.add(target.substring("socket:[".length(), target.length() - 1));
            }
        }
        Set<String> ports = new TreeSet<>();
        for (String table : List.of("/proc/self/net/tcp", "/proc/self/net/tcp6")) {
            if (Files.exists(Path.of(table))) {
                for (String line : Files.readAllLines(Path.of(table))) {
                    String[] words = line.strip().split("\\s+", -1);
                    if (words.length > 9 && words[3].equals(LISTENING) && sockets.contains(words[9])) {
                        ports.add(words[1]);
                    }
                }
            }
        }
        return new Leftovers(threads, ports, files);
    }

    private static List<String> open() throws IOException {
        List<String> targets = new ArrayList<>();
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors.toList()) {
                try {
                    targets.add(Files.readSymbolicLink(descriptor).toString());
                } catch (IOException closedMeanwhile) {
                    assert !Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS);
                }
            }
        }
        return targets;
    }
}
