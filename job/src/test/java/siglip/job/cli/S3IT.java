package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.WriterAppender;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.layout.PatternLayout;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import siglip.job.cli.BadWay.Fault;
import siglip.job.files.WholeFile;

/** Pairs in and results out over S3, also on a bad way to the server. */
@Timeout(300)
class S3IT {
    private static final String BUCKET = "pairs-and-runs";
    private static final String ROOT = "s3a://" + BUCKET;
    private static final String HADOOP = "spark.hadoop.";

    private static S3Server server;
    private static BadWay way;
    private static Map<String, String> access;
    private static FileSystem files;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final StringWriter log = new StringWriter();
    private WriterAppender appender;

    @BeforeAll
    static void start() throws Exception {
        server = new S3Server();
        server.createBucket(BUCKET);
        way = new BadWay(server.port());
        access = new TreeMap<>(Map.of(
                "fs.s3a.endpoint", "http://127.0.0.1:" + way.port(),
                "fs.s3a.endpoint.region", "us-east-1",
                "fs.s3a.path.style.access", "true",
                "fs.s3a.connection.ssl.enabled", "false",
                "fs.s3a.access.key", S3Server.IDENTITY,
                "fs.s3a.secret.key", S3Server.SECRET,
                "fs.s3a.aws.credentials.provider", "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
                "fs.s3a.attempts.maximum", "3",
                "fs.s3a.retry.limit", "4",
                "fs.s3a.retry.interval", "20ms"));
        access.put("fs.s3a.connection.timeout", "5000");
        access.put("fs.s3a.retry.throttle.limit", "3");
        access.put("fs.s3a.retry.throttle.interval", "20ms");
        Configuration hadoop = new Configuration();
        access.forEach(hadoop::set);
        access.forEach((key, value) -> System.setProperty(HADOOP + key, value));
        files = FileSystem.newInstance(URI.create(ROOT), hadoop);
        int code = Main.commandLine(new Failures())
                .execute("prepare", "synthetic", "--rows=400", "--width=24", "--signal=4", "--out=" + ROOT + "/pairs");
        assertThat(code).isZero();
    }

    @AfterAll
    static void stop() throws Exception {
        access.keySet().forEach(key -> System.clearProperty(HADOOP + key));
        files.close();
        way.close();
        server.close();
    }

    /** Everything that is logged goes to {@link #log} too. */
    @BeforeEach
    void listen() {
        way.plan(request -> Fault.NONE);
        LoggerContext context = (LoggerContext) LogManager.getContext(false);
        appender = WriterAppender.createAppender(
                PatternLayout.createDefaultLayout(), null, log, "everything", false, true);
        appender.start();
        context.getConfiguration().getRootLogger().addAppender(appender, Level.INFO, null);
        Configurator.setRootLevel(Level.INFO);
    }

    @AfterEach
    void stopListening() {
        LoggerContext context = (LoggerContext) LogManager.getContext(false);
        context.getConfiguration().getRootLogger().removeAppender("everything");
        Configurator.setRootLevel(Level.ERROR);
        appender.stop();
    }

    @Test
    void aRunOverABadWayLeavesWhatOneOverAGoodWayDoesAndNoTraceOfTheSecret() throws Exception {
        assertThat(compare("good")).as(err.toString()).isZero();
        way.plan(request -> switch ((int) (request.number() % 11)) {
            case 3 -> Fault.UNAVAILABLE;
            case 6 -> Fault.CUT;
            case 8 -> Fault.SLOW;
            case 10 -> Fault.LOST_ANSWER;
            default -> Fault.NONE;
        });
        assertThat(compare("bad")).as(err.toString()).isZero();
        assertThat(way.faults()).isGreaterThan(10);
        way.plan(request -> Fault.NONE);

        Map<String, byte[]> good = objects("/runs/good/");
        Map<String, byte[]> bad = objects("/runs/bad/");
        assertThat(names(bad)).isEqualTo(names(good)).contains("report.html", "metrics.json", "steps.jsonl");
        assertThat(bad.keySet()).as("checkpoints").anyMatch(name -> name.endsWith("MANIFEST.json"));
        for (String arm : List.of("siglip", "clip")) {
            String table = "models/%s/model.json".formatted(arm);
            assertThat(bad.get(table)).as(table).isEqualTo(good.get(table));
        }
        assertThat(new ObjectMapper().readTree(bad.get("metrics.json"))).isNotEmpty();

        assertNoSecret("out", out.toString());
        assertNoSecret("err", err.toString());
        assertThat(log.toString()).as("the log").contains("s3a").doesNotContain(S3Server.SECRET);
        good.forEach((name, bytes) -> assertNoSecret(name, new String(bytes, StandardCharsets.ISO_8859_1)));
    }

    @Test
    void whereTheServerTakesNothingARunEndsWithTheReasonAndLeavesNothingThatLooksWhole() throws Exception {
        way.plan(request ->
                request.line().startsWith("PUT") && request.line().contains("/runs/lost/") ? Fault.CUT : Fault.NONE);

        assertThat(compare("lost")).isNotZero();

        assertThat(err.toString().lines().reduce((a, b) -> b).orElseThrow()).contains("siglip: ");
        assertNoSecret("err", err.toString());
        way.plan(request -> Fault.NONE);
        objects("/runs/lost/")
                .forEach((name, bytes) -> assertThat(bytes).as(name).isEmpty()); // marks of folders
    }

    @Test
    void aFileThatCannotBeFinishedLeavesTheOneThatWasThere() throws IOException {
        Path path = new Path(ROOT + "/whole/file");
        WholeFile.write(files, path, stream -> stream.write("the first".getBytes(StandardCharsets.UTF_8)));

        assertThatThrownBy(() -> WholeFile.write(files, path, stream -> {
                    stream.write(new byte[1 << 20]);
                    throw new IOException("the writer fails halfway");
                }))
                .hasMessageContaining("halfway");
        way.plan(request -> request.line().startsWith("PUT") ? Fault.UNAVAILABLE : Fault.NONE);
        assertThatThrownBy(() -> WholeFile.write(files, path, stream -> stream.write(new byte[100])))
                .isInstanceOf(IOException.class);
        way.plan(request -> Fault.NONE);

        assertThat(new String(read(path), StandardCharsets.UTF_8)).isEqualTo("the first");
    }

    @Test
    void whatSomebodyElseHasInABucketStaysAndWhatTheProgramWroteIsReplacedWhenToldTo() throws IOException {
        Path theirs = new Path(ROOT + "/theirs/thesis.txt");
        WholeFile.write(files, theirs, stream -> stream.write("theirs".getBytes(StandardCharsets.UTF_8)));
        for (String place : List.of("/theirs", "/theirs/thesis.txt")) {
            assertThat(synthetic(place, "--overwrite")).as(place).isEqualTo(2);
        }
        assertThat(objects("/theirs/")).containsOnlyKeys("thesis.txt");
        assertThat(read(theirs)).asString(StandardCharsets.UTF_8).isEqualTo("theirs");

        assertThat(synthetic("/own", "--files=3")).as(err.toString()).isZero();
        assertThat(synthetic("/own", "--files=1")).isEqualTo(2);
        assertThat(objects("/own/")).hasSize(4);
        assertThat(synthetic("/own", "--files=1", "--overwrite"))
                .as(err.toString())
                .isZero();
        assertThat(objects("/own/")).containsOnlyKeys("_siglip-files", "part-00000.parquet");
    }

    @Test
    void aWrongSecretIsToldWithoutShowingIt() {
        String ownFileSystem = HADOOP + "fs.s3a.impl.disable.cache"; // not that of the right secret
        System.setProperty(ownFileSystem, "true");
        System.setProperty(HADOOP + "fs.s3a.secret.key", "a-wrong-secret-that-nothing-may-show");
        try {
            assertThat(compare("wrong")).isNotZero();
        } finally {
            System.clearProperty(ownFileSystem);
            System.setProperty(HADOOP + "fs.s3a.secret.key", S3Server.SECRET);
        }
        assertThat(err.toString()).doesNotContain("a-wrong-secret").contains("siglip: ");
        assertThat(log.toString()).doesNotContain("a-wrong-secret");
    }

    /** Without what carries the id of a driver. */
    private static List<String> names(Map<String, byte[]> run) {
        return run.keySet().stream()
                .filter(name ->
                        Stream.of("checkpoints/", "claims/", "tensorboard/").noneMatch(name::startsWith))
                .toList();
    }

    private int synthetic(String place, String... more) {
        List<String> arguments = new ArrayList<>(
                List.of("prepare", "synthetic", "--rows=40", "--width=4", "--signal=1", "--out=" + ROOT + place));
        arguments.addAll(List.of(more));
        return execute(arguments);
    }

    private int compare(String name) {
        return execute(List.of(
                "compare",
                "--config=../conf/synthetic.conf",
                "--out=" + ROOT + "/runs",
                "--name=" + name,
                "--set=data.path=" + ROOT + "/pairs",
                "--set=training.batch-size=32",
                "--set=training.steps=6",
                "--set=training.warmup-steps=2",
                "--set=evaluation.every-steps=6",
                "--set=towers.image.hidden=[16]",
                "--set=towers.text.hidden=[16]",
                "--set=towers.width=8"));
    }

    private int execute(List<String> arguments) {
        return Main.commandLine(new Failures())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments.toArray(String[]::new));
    }

    /** Names below a prefix, and what they hold. */
    private static Map<String, byte[]> objects(String prefix) throws IOException {
        Map<String, byte[]> objects = new TreeMap<>();
        Path folder = new Path(ROOT + prefix);
        if (!files.exists(folder)) {
            return objects;
        }
        RemoteIterator<LocatedFileStatus> found = files.listFiles(folder, true);
        while (found.hasNext()) {
            Path path = found.next().getPath();
            objects.put(path.toUri().getPath().substring(prefix.length()), read(path));
        }
        return objects;
    }

    private static byte[] read(Path path) throws IOException {
        try (InputStream in = files.open(path)) {
            return in.readAllBytes();
        }
    }

    private static void assertNoSecret(String what, String text) {
        assertThat(text).as(what).doesNotContain(S3Server.SECRET);
    }
}
