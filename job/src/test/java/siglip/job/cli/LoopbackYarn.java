package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import siglip.job.cli.Shell.Running;

/**
 * YARN on this machine, in a process of its own whose libraries no other test sees, and a Spark that knows it: with a secret, and AES between
 * all of its processes.
 */
final class LoopbackYarn {
    private static final Path JARS = Path.of("target", "test-servers", "yarn").toAbsolutePath();
    private static final Path PROGRAM =
            Path.of("src", "test", "yarn", "Yarn.java").toAbsolutePath();
    private static final long PATIENCE_SECONDS = 120;

    private final Running cluster;
    private final Map<String, String> environment;

    /** @param shell that ends the cluster */
    LoopbackYarn(Path folder, Shell shell) throws IOException, InterruptedException {
        String built = shell.run(List.of("scripts/spark-home")).done().strip();
        Path jars = Path.of(built.substring(built.lastIndexOf('\n') + 1), "jars");
        Path home = sparkHome(folder, jars);
        Path conf = Files.createDirectory(folder.resolve("hadoop-conf"));
        cluster = start(folder, shell, jars, conf);
        environment = Map.of(
                "SPARK_HOME", home.toString(),
                "SPARK_CONF_DIR", sparkConf(folder, home).toString(),
                "HADOOP_CONF_DIR", conf.toString());
    }

    /** Of a program that submits to it. */
    Map<String, String> environment() {
        return environment;
    }

    /** The cluster's process and those of all containers. */
    Stream<ProcessHandle> processes() {
        ProcessHandle process = cluster.process().toHandle();
        return Stream.concat(Stream.of(process), process.descendants());
    }

    private static Running start(Path folder, Shell shell, Path jars, Path conf)
            throws IOException, InterruptedException {
        String classPath;
        try (Stream<Path> files = Files.list(JARS)) {
            classPath = files.map(Path::toString).sorted().collect(Collectors.joining(File.pathSeparator));
        }
        String java = System.getProperty("java.home");
        Running running = shell.start(
                List.of(
                        java + "/bin/java",
                        "-Xmx512m",
                        "--add-opens=java.base/java.lang=ALL-UNNAMED", // Guice
                        "-cp",
                        classPath + File.pathSeparator + jars + "/*",
                        PROGRAM.toString(),
                        folder.resolve("node").toString(),
                        conf.toString()),
                Map.of("JAVA_HOME", java)); // the containers get it
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!Files.exists(conf.resolve("yarn-site.xml"))) {
            assertThat(running.process().isAlive() && System.nanoTime() - deadline < 0)
                    .as("YARN starts: %s", running.said())
                    .isTrue();
            Thread.sleep(200);
        }
        return running;
    }

    /** The Spark of other tests, and what it needs to talk to YARN. */
    private static Path sparkHome(Path folder, Path jars) throws IOException {
        Path home = folder.resolve("spark");
        Files.createDirectories(home.resolve("jars"));
        Files.createSymbolicLink(home.resolve("bin"), Shell.ROOT.resolve("scripts/spark/bin"));
        Files.createSymbolicLink(home.resolve("conf"), Shell.ROOT.resolve("scripts/spark/conf"));
        Files.createSymbolicLink(home.resolve("jars/spark-yarn.jar"), JARS.resolve("spark-yarn.jar"));
        try (Stream<Path> files = Files.list(jars)) {
            for (Path file : files.toList()) {
                Files.createSymbolicLink(home.resolve("jars").resolve(file.getFileName()), file);
            }
        }
        return home;
    }

    private static Path sparkConf(Path folder, Path home) throws IOException {
        Path conf = Files.createDirectory(folder.resolve("spark-conf"));
        Files.copy(Shell.ROOT.resolve("scripts/spark/conf/log4j2.properties"), conf.resolve("log4j2.properties"));
        Files.writeString(
                conf.resolve("spark-defaults.conf"),
                """
                spark.master yarn
                spark.authenticate true
                spark.network.crypto.enabled true
                spark.yarn.jars local:%s/jars/*
                spark.yarn.stagingDir %s
                spark.yarn.am.memory 512m
                spark.driver.memory 800m
                spark.executor.memory 700m
                spark.executor.instances 2
                spark.ui.enabled false
                spark.yarn.appMasterEnv.SPARK_LOCAL_IP 127.0.0.1
                spark.executorEnv.SPARK_LOCAL_IP 127.0.0.1
                """
                        .formatted(home, folder.resolve("staging").toUri()));
        return conf;
    }
}
