package siglip.job.planning;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import siglip.job.config.PortRange;
import siglip.job.config.RingSettings;
import siglip.job.losses.Network;
import siglip.job.ring.DriverNode;
import siglip.job.ring.Frame;
import siglip.job.ring.RankNode;
import siglip.job.ring.Site;
import siglip.kernels.blas.Matrix;

/**
 * Measures what messages take here: two ranks in this process send each other blocks at the same time, over the connections that training uses,
 * on loopback, plain. Authentication costs nothing more; encryption does.
 */
final class LoopbackProbe {
    private static final String HOST = "127.0.0.1";
    private static final int RANKS = 2;
    private static final int SMALL = 1 << 8; // floats
    private static final int LARGE = 1 << 22; // floats
    private static final int SMALL_REPEATS = 400;
    private static final int LARGE_REPEATS = 12;
    private static final long SECONDS = 60;

    private LoopbackProbe() {}

    /** What an exchange took: wall time of one, as its median, and processor time of one end of it. */
    private record Exchange(double seconds, double work) {}

    static Network measure() {
        SparkConf conf = new SparkConf().setIfMissing("spark.app.name", "plan");
        SecurityManager security = new SecurityManager(
                new SparkConf(false).set("spark.app.name", "plan"),
                scala.Option.empty(),
                SecurityManager.$lessinit$greater$default$3());
        Duration limit = Duration.ofSeconds(SECONDS);
        RingSettings settings = new RingSettings(
                limit, limit, limit, Duration.ofSeconds(1), Duration.ofSeconds(SECONDS / 2), PortRange.ANY, false);
        long attempt = System.nanoTime();
        ExecutorService threads = Executors.newFixedThreadPool(RANKS);
        Site site = new Site(conf, security, HOST, HOST);
        try (DriverNode driver =
                DriverNode.open(site, RANKS, attempt, settings, offers -> offers.get(0), () -> false)) {
            List<Future<Exchange[]>> ranks = new ArrayList<>();
            for (int rank = 0; rank < RANKS; rank++) {
                int self = rank;
                ranks.add(threads.submit(() -> {
                    try (RankNode node = RankNode.join(site, driver.rendezvous(), self, "", () -> false)) {
                        node.ready();
                        Exchange[] found = {exchange(node, SMALL, SMALL_REPEATS), exchange(node, LARGE, LARGE_REPEATS)};
                        node.leave();
                        return found;
                    }
                }));
            }
            driver.assemble();
            driver.awaitLeave();
            return network(ranks.get(0).get(SECONDS, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while measuring loopback", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("Cannot measure loopback: " + e.getMessage(), e);
        } finally {
            threads.shutdownNow();
        }
    }

    private static Network network(Exchange[] found) {
        double bytes = 4.0 * (LARGE - SMALL);
        return new Network(
                bytes / Math.max(1e-9, found[1].seconds - found[0].seconds),
                found[0].seconds,
                found[0].work,
                Math.max(0, found[1].work - found[0].work) / bytes);
    }

    /** Sends blocks to the other rank and takes as many from it; each waits for the one before. */
    private static Exchange exchange(RankNode node, int floats, int repeats) {
        Matrix out = Matrix.allocate(1, floats);
        Matrix in = Matrix.allocate(1, floats);
        int warmUp = repeats / 2;
        double[] seconds = new double[repeats];
        long cpu = 0;
        for (int i = -warmUp; i < repeats; i++) {
            if (i == 0) {
                cpu = processorTime();
            }
            long start = System.nanoTime();
            Frame frame = new Frame(Frame.Kind.TEXT, floats, i + warmUp, 0);
            CompletableFuture<?> arrival = node.receive(frame, node.previous(), in.bytes());
            CompletableFuture<?> departure = node.send(frame, node.next(), out.bytes());
            node.await(arrival, node.previous(), "a block");
            node.await(departure, node.next(), "room for a block");
            seconds[Math.max(0, i)] = (System.nanoTime() - start) * 1e-9;
        }
        double work = (processorTime() - cpu) * 1e-9 / repeats / RANKS;
        Arrays.sort(seconds);
        return new Exchange(seconds[repeats / 2], work);
    }

    /** Nanoseconds of all threads of Java code: without those of the compiler and the collector, which have most to do now. */
    private static long processorTime() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long sum = 0;
        for (long id : threads.getAllThreadIds()) {
            sum += Math.max(0, threads.getThreadCpuTime(id));
        }
        return sum;
    }
}
