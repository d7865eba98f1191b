package siglip.job.cli;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.package$;
import org.apache.spark.sql.SparkSession;
import siglip.job.config.RunSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.ring.RingSecurity;
import siglip.job.ring.Site;
import siglip.job.training.MetricsPlugin;

/**
 * Opens Spark. What the user or the cluster has set is kept: settings made in code would beat those of the command line. The
 * exceptions are options of the executors' Java machine, to which the job adds its own.
 */
final class Sessions {
    private static final Pattern LOCAL = Pattern.compile("local(?:\\[(\\d+|\\*)(?:,\\d+)?])?");
    private static final int MOST_LOCAL = 1024; // each is a thread at least
    private static final int MOST_LOCAL_RANKS = 128; // each has a connection to each of the others
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String NO_LINKS = "org.bytedeco.javacpp.canCreateSymbolicLink";
    private static final String SECRET_VARIABLE = "_SPARK_AUTH_SECRET";

    /** Ranks notice each other's silence; for an evaluation, whose tasks wait for nobody, Spark itself must, and would take two minutes. */
    private static final String EXECUTOR_SILENCE = "45s";

    private static final String LOOPBACK = "127.0.0.1";

    private Sessions() {}

    /** For work whose tasks need not run together; on this machine alone, on all cores. */
    static SparkSession open(String application) {
        return session(configure(new SparkConf(), application, "local[*]"));
    }

    /**
     * For stages of {@code run.ranks} tasks that run together; on this machine alone, on as many cores as they ask for.
     *
     * @throws SettingsException if Spark is set up so that such a stage cannot start
     */
    static SparkSession open(String application, RunSettings run) {
        return session(configure(new SparkConf(), application, run));
    }

    /**
     * For such stages whose tasks form a ring.
     *
     * @throws SettingsException as well, if others could read or disturb the ring
     */
    static SparkSession open(String application, Settings settings) {
        SparkConf conf = configure(new SparkConf(), application, settings.run());
        RingSecurity.configure(conf, package$.MODULE$.SPARK_VERSION());
        SparkSession spark = session(conf);
        try {
            RingSecurity.requireProtected(Site.ofDriver(), settings.ring());
        } catch (SettingsException e) {
            spark.close();
            throw e;
        }
        return spark;
    }

    private static SparkSession session(SparkConf conf) {
        adoptSecret(conf, System.getenv());
        return SparkSession.builder().config(conf).getOrCreate();
    }

    /** Adds to {@code conf} what the job needs to run {@code run.ranks} tasks together. */
    static SparkConf configure(SparkConf conf, String application, RunSettings run) {
        int needed = Math.multiplyExact(run.ranks(), run.coresPerRank()); // their ranges leave room
        configure(conf, application, "local[%d]".formatted(needed));
        OptionalInt slots = localSlots(conf.get("spark.master"));
        if (slots.isEmpty() && conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
            throw new SettingsException(List.of(
                    "Spark's dynamic allocation is on, and tasks that must run together cannot start under it: add"
                            + " --conf spark.dynamicAllocation.enabled=false"));
        }
        if (slots.isPresent() && slots.getAsInt() < needed) {
            throw new SettingsException(List.of(
                    "spark.master=%s has %d slots, and run.ranks=%d with run.cores-per-rank=%d needs %d: add --conf spark.master=local[%d], or set fewer ranks"
                            .formatted(
                                    conf.get("spark.master"),
                                    slots.getAsInt(),
                                    run.ranks(),
                                    run.coresPerRank(),
                                    needed,
                                    needed)));
        }
        if (slots.isPresent() && needed > MOST_LOCAL) {
            throw new SettingsException(List.of(
                    "run.ranks=%d with run.cores-per-rank=%d makes %d tasks in this one process, which takes at most %d: set fewer ranks, or submit to a cluster (scripts/submit)"
                            .formatted(run.ranks(), run.coresPerRank(), needed, MOST_LOCAL)));
        }
        if (slots.isPresent() && run.ranks() > MOST_LOCAL_RANKS) {
            throw new SettingsException(List.of(
                    "run.ranks=%d makes as many ranks in this one process, which takes at most %d: set run.cores-per-rank, or submit to a cluster (scripts/submit)"
                            .formatted(run.ranks(), MOST_LOCAL_RANKS)));
        }
        Set<String> plugins =
                new LinkedHashSet<>(List.of(conf.get("spark.plugins", "").split("\\s*,\\s*", -1)));
        plugins.remove("");
        plugins.add(MetricsPlugin.class.getName());
        conf.set("spark.plugins", String.join(",", plugins));
        conf.setIfMissing("spark.locality.wait", "0s"); // all ranks start together: none waits for a better place
        conf.setIfMissing("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
        conf.setIfMissing("spark.task.reaper.enabled", "true"); // a rank that cannot be stopped would keep its slot
        conf.setIfMissing("spark.task.reaper.killTimeout", "60s");
        if (!conf.contains("spark.network.timeout") && !conf.contains("spark.executor.heartbeatInterval")) {
            conf.setIfMissing("spark.storage.blockManagerHeartbeatTimeoutMs", EXECUTOR_SILENCE);
            conf.setIfMissing("spark.network.timeoutInterval", "5s"); // how often Spark looks
        }
        if (slots.isPresent() && run.coresPerRank() > 1) { // elsewhere the stage asks for its cores itself
            conf.setIfMissing("spark.task.cpus", Integer.toString(run.coresPerRank()));
        }
        return conf;
    }

    private static SparkConf configure(SparkConf conf, String application, String master) {
        refuseConnect(conf);
        conf.setIfMissing("spark.app.name", application);
        conf.setIfMissing("spark.master", master);
        localSlots(conf.get("spark.master"))
                .ifPresent(slots -> conf.setIfMissing("spark.sql.shuffle.partitions", Integer.toString(slots)));
        if (conf.get("spark.master").startsWith("local")) { // local-cluster too
            conf.setIfMissing("spark.driver.host", LOOPBACK);
            conf.setIfMissing("spark.driver.bindAddress", LOOPBACK);
            conf.setIfMissing("spark.ui.enabled", "false");
            conf.setIfMissing("spark.ui.showConsoleProgress", "false");
            Path warehouse = Path.of(System.getProperty("java.io.tmpdir"), "siglip-warehouse");
            conf.setIfMissing("spark.sql.warehouse.dir", warehouse.toUri().toString());
        }
        addExecutorOption(conf, VECTOR_MODULE, "--add-modules=" + VECTOR_MODULE);
        addExecutorOption(conf, NO_LINKS, "-D" + NO_LINKS + "=false");
        conf.setIfMissing("spark.executorEnv.OMP_NUM_THREADS", "1");
        if (conf.get("spark.serializer", "").endsWith(".KryoSerializer")) {
            conf.setIfMissing("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator");
        }
        return conf;
    }

    /** A client of Spark Connect has no executors, only a server to send queries to; a session of the usual kind would ignore the server. */
    private static void refuseConnect(SparkConf conf) {
        boolean connect = conf.get("spark.api.mode", "").equalsIgnoreCase("connect");
        if (connect || conf.contains("spark.remote")) {
            throw new SettingsException(List.of(
                    "%s asks for Spark Connect, which cannot run tasks that train together: leave it out, and submit to the cluster itself with --master (docs/cluster.md)"
                            .formatted(connect ? "spark.api.mode=connect" : "spark.remote")));
        }
    }

    /**
     * A driver that a standalone worker starts has the cluster's secret in its environment, where nobody reads it off a command
     * line; Spark itself looks there in executors alone.
     */
    static void adoptSecret(SparkConf conf, Map<String, String> environment) {
        String secret = environment.get(SECRET_VARIABLE);
        if (secret != null && conf.getBoolean("spark.authenticate", false)) {
            conf.setIfMissing("spark.authenticate.secret", secret);
        }
    }

    private static void addExecutorOption(SparkConf conf, String name, String option) {
        String options = conf.get("spark.executor.extraJavaOptions", "");
        if (!options.contains(name)) {
            conf.set("spark.executor.extraJavaOptions", (options + " " + option).strip());
        }
    }

    /**
     * Keeps this process from making links among the native libraries that all Java machines of a user unpack into one folder:
     * through a link that one makes at the wrong moment, another writes into a library that a third is running, which ends it.
     * To be called before the first of them is loaded; executors get the same by their options.
     */
    static void unpackWithoutLinks() {
        System.getProperties().putIfAbsent(NO_LINKS, "false");
    }

    /** Tasks that run at a time when driver and executor are one process; empty on any other master. */
    private static OptionalInt localSlots(String master) {
        Matcher local = LOCAL.matcher(master);
        if (!local.matches()) {
            return OptionalInt.empty();
        }
        String slots = local.group(1) == null ? "1" : local.group(1);
        return OptionalInt.of(slots.equals("*") ? Runtime.getRuntime().availableProcessors() : Integer.parseInt(slots));
    }
}
