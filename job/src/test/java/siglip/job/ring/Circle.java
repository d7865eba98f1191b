package siglip.job.ring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import siglip.job.config.PortRange;
import siglip.job.config.RingSettings;

/** A driver and its ranks in one JVM, over real connections on loopback: a ring without Spark's scheduler. */
public final class Circle implements AutoCloseable {
    public static final RingSettings SETTINGS =
            settings(Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofMillis(200), Duration.ofSeconds(10));
    static final String HOST = "127.0.0.1";

    /** What a rank does. */
    public interface RankBody<T> {
        T run(RankNode node) throws Exception;
    }

    private final Site site;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final RingSettings settings;
    private final int ranks;
    private final long attempt;
    private final DriverNode driver;
    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);
    private final SlowNode.Delay delay;
    private final List<Address> joined = new CopyOnWriteArrayList<>();
    private Address entrance;

    public Circle(int ranks) {
        this(ranks, SETTINGS);
    }

    public Circle(int ranks, RingSettings settings) {
        this(ranks, settings, plain());
    }

    /** @param conf of Spark: authentication and encryption as it says */
    Circle(int ranks, RingSettings settings, SparkConf conf) {
        this(ranks, settings, conf, SlowNode.Delay.NONE);
    }

    /** With a network that lets so many bytes a second leave each rank, and takes so long for a message. */
    public Circle(int ranks, RingSettings settings, double bytesPerSecond, Duration latency) {
        this(ranks, settings, plain(), new SlowNode.Delay(bytesPerSecond, latency.toNanos()));
    }

    private Circle(int ranks, RingSettings settings, SparkConf conf, SlowNode.Delay delay) {
        this.site = site(conf);
        this.delay = delay;
        this.ranks = ranks;
        this.settings = settings;
        this.attempt = System.nanoTime();
        this.driver = DriverNode.open(site, ranks, attempt, settings, Circle::agree, () -> false);
        this.entrance = driver.address();
    }

    /** All ranks must have come with the same, and not with nothing. */
    static String agree(List<String> numerics) {
        if (numerics.contains("")) {
            throw new IllegalArgumentException("a rank offers nothing");
        }
        if (numerics.stream().distinct().count() > 1) {
            throw new NumericsException("these differ: " + numerics);
        }
        return "all with " + numerics.get(0);
    }

    static RingSettings settings(Duration hello, Duration wait, Duration heartbeat, Duration silence) {
        return new RingSettings(hello, hello, wait, heartbeat, silence, PortRange.ANY, false);
    }

    static SparkConf plain() {
        return new SparkConf(false).set("spark.app.name", "circle");
    }

    static Site site(SparkConf conf) {
        return site(conf, HOST);
    }

    static Site site(SparkConf conf, String bindHost) {
        SecurityManager security = new SecurityManager(
                conf, scala.Option.empty(), org.apache.spark.SecurityManager.$lessinit$greater$default$3());
        return new Site(conf, security, HOST, bindHost);
    }

    /** The number that marks the messages. */
    long attempt() {
        return attempt;
    }

    public DriverNode driver() {
        return driver;
    }

    /** Makes the ranks that join from now on connect to the driver by way of another address. */
    void enterBy(Address address) {
        entrance = address;
    }

    /** Where the driver and the ranks that have joined listen. */
    List<Address> addresses() {
        List<Address> all = new ArrayList<>(List.of(driver.address()));
        all.addAll(joined);
        return all;
    }

    /** Joins one rank, which computes with {@code numerics}. */
    RankNode join(int rank, String numerics) {
        RankNode node = RankNode.join(
                new SlowNode(delay, timer, site, new Rendezvous(entrance, attempt, ranks, settings), rank), numerics);
        joined.add(node.endpoint.address());
        try {
            node.ready();
            return node;
        } catch (RuntimeException e) {
            node.giveUp(e, true);
            node.close();
            throw e;
        }
    }

    /** Starts all ranks; each joins, runs the body and leaves. */
    public <T> List<Future<T>> start(RankBody<T> body) {
        List<Future<T>> running = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            int self = rank;
            running.add(threads.submit((Callable<T>) () -> {
                try (RankNode node = join(self, "test")) {
                    T result = body.run(node);
                    node.leave();
                    return result;
                }
            }));
        }
        return running;
    }

    /** Runs a body on all ranks and waits for all, at most a minute. */
    public <T> List<T> run(RankBody<T> body) throws Exception {
        List<T> results = new ArrayList<>();
        for (Future<T> each : start(body)) {
            results.add(each.get(60, TimeUnit.SECONDS));
        }
        return results;
    }

    @Override
    public void close() {
        driver.close();
        threads.shutdownNow();
        timer.shutdownNow();
    }
}
