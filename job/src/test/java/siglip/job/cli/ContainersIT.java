package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.shade.jackson.core.type.TypeReference;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.yaml.snakeyaml.Yaml;

/**
 * What lies in {@code docker/}, without a container engine: the steps of the build that need none, then the processes of the compose
 * file with its own commands, in one machine in place of five. What only an engine does (base images, users, networks) is not tested.
 */
@Timeout(900)
class ContainersIT {
    private static final Path DOCKER = Shell.ROOT.resolve("docker");

    @TempDir
    private Path folder;

    @Test
    void theStepsOfTheBuildAndTheCommandsOfTheServicesLeaveARunInTheBucket() throws IOException, InterruptedException {
        Shell.requireJar();
        List<String> steps = builderSteps();
        assertThat(steps).hasSize(3);
        assertThat(steps.get(0)).isEqualTo("mvn --batch-mode --no-transfer-progress -Dquick package"); // as documented
        assertThat(Files.readString(Shell.ROOT.resolve("docs/cluster.md"))).contains("mvn -Dquick package");

        Map<String, String> secrets = Map.of(
                "SPARK_SECRET", "a-secret-of-the-cluster",
                "AWS_ACCESS_KEY_ID", "a-key-of-the-store",
                "AWS_SECRET_ACCESS_KEY", "a-secret-of-the-store");
        try (Shell shell = new Shell(folder, secrets)) {
            for (String step : steps.subList(1, 3)) { // the jar is there
                shell.run(List.of("bash", "-ec", step.replace("/out", folder + "/out")))
                        .done();
            }
            Path home = folder.resolve("out/spark");
            assertThat(home.resolve("jars/hadoop-aws-3.3.4.jar")).exists();

            FileAttribute<?> own = PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rwx------")); // as the image does
            Path data = Files.createDirectory(folder.resolve("data"), own);
            Files.createDirectory(data.resolve("siglip"), own);
            Shell.Running s3 = shell.start(
                    List.of("docker/start-s3"),
                    Map.of(
                            "S3_JAR",
                                    folder.resolve("out/s3/s3proxy-jar-with-dependencies.jar")
                                            .toString(),
                            "S3_DATA", data.toString(),
                            "S3_ENDPOINT", "http://127.0.0.1:0"));
            String store = s3.await("Started .*ServerConnector.*\\{(127\\.0\\.0\\.1:\\d+)}");

            Map<String, String> places = new HashMap<>(Map.of(
                    "--host", "127.0.0.1", // the value of an option, or the whole of a word
                    "--port", "0",
                    "--webui-port", "0",
                    "/home/spark/work", folder.resolve("work").toString()));
            JsonNode services = compose().get("services");
            Shell.Running master = service(shell, home, store, command(services, "master", places), "master");
            String url = master.await("Starting Spark master at (spark://\\S+)");
            places.put("spark://master:7077", url);
            List<Shell.Running> workers = new ArrayList<>();
            for (String name : List.of("worker-1", "worker-2")) {
                places.put("/home/spark/work", folder.resolve("work-" + name).toString());
                workers.add(service(shell, home, store, command(services, name, places), name));
            }
            for (Shell.Running worker : workers) {
                worker.await("(Successfully registered) with master");
            }

            List<String> submit = command(services, "submit", places);
            assertThat(submit.remove(0)).isEqualTo("submit");
            submit.add(0, "scripts/submit");
            Stream.of("training.steps=4", "training.warmup-steps=2", "evaluation.every-steps=4")
                    .forEach(setting -> submit.add("--set=" + setting));
            Shell.Running job = service(shell, home, store, submit, "submit");
            job.process().waitFor();

            assertThat(job.process().exitValue()).as(job.said()).isZero();
            assertThat(data.resolve("siglip/runs/local/metrics.json")).isNotEmptyFile();
            for (Shell.Running each : List.of(s3, master, workers.get(0), workers.get(1), job)) {
                assertThat(each.said())
                        .doesNotContain(secrets.get("SPARK_SECRET"), secrets.get("AWS_SECRET_ACCESS_KEY"));
            }
            for (String path : List.of("/siglip", "/siglip/runs/local/metrics.json")) {
                assertThat(status("http://" + store + path))
                        .as(path + " without a key")
                        .isEqualTo(403);
            }
        }
    }

    @Test
    void everyServiceGivesUpRightsAndWhatListensOutsideListensOnLoopback() throws IOException {
        JsonNode services = compose().get("services");
        List<String> names = new ArrayList<>();
        services.fieldNames().forEachRemaining(names::add);
        assertThat(names).containsExactlyInAnyOrder("master", "worker-1", "worker-2", "s3", "submit");
        for (String name : names) {
            assertThat(services.get(name).get("cap_drop").get(0).asText())
                    .as(name)
                    .isEqualTo("ALL");
            assertThat(services.get(name).get("env_file").get(0).asText())
                    .as(name)
                    .isEqualTo("secrets.env");
            JsonNode build = services.get(name).get("build");
            assertThat(DOCKER.resolve(build.get("context").asText()).normalize())
                    .isEqualTo(Shell.ROOT);
            assertThat(Files.readString(DOCKER.resolve("Dockerfile")))
                    .contains(" AS " + build.get("target").asText() + "\n");
        }
        services.findValues("ports")
                .forEach(
                        ports -> ports.forEach(port -> assertThat(port.asText()).startsWith("127.0.0.1:")));
    }

    @Test
    void theImagesRunAsPlainUsersFromPinnedBasesAndCopyWhatThereIs() throws IOException {
        List<String> lines = Files.readAllLines(DOCKER.resolve("Dockerfile"));
        assertThat(lines)
                .filteredOn(line -> line.startsWith("ARG "))
                .allMatch(line -> line.matches("ARG \\w+=[^:]+:[0-9][\\w.-]+"));
        assertThat(lines)
                .filteredOn(line -> line.startsWith("FROM "))
                .allMatch(line -> line.matches("FROM \\$\\{\\w+} AS \\w+"));
        assertThat(lines).filteredOn(line -> line.startsWith("USER ")).containsExactly("USER s3", "USER spark");
        for (String line : lines) {
            if (line.startsWith("COPY ") && !line.contains("--from")) {
                String[] words = line.split(" ", -1);
                for (int i = 1; i < words.length - 1; i++) {
                    assertThat(Shell.ROOT.resolve(words[i])).exists();
                }
            }
        }
    }

    @Test
    void nothingStartsWithoutASecret() throws IOException, InterruptedException {
        try (Shell shell = new Shell(
                folder,
                Map.of(
                        "SPARK_HOME",
                        "unused",
                        "SPARK_CONF_DIR",
                        folder.resolve("conf").toString()))) {
            Shell.Ended ended = shell.run(List.of("docker/start-spark", "true"));

            assertThat(ended.code()).isEqualTo(2);
            assertThat(ended.output()).contains("docker/secrets.env.example");
            assertThat(folder.resolve("conf")).doesNotExist();
        }
    }

    /** Starts a command by the entry point of its image, on loopback. */
    private Shell.Running service(Shell shell, Path home, String store, List<String> command, String name)
            throws IOException {
        if (command.get(0).equals("spark-class")) {
            command.set(0, home + "/bin/spark-class");
        }
        command.add(0, "docker/start-spark");
        return shell.start(
                command,
                Map.of(
                        "SPARK_HOME",
                        home.toString(),
                        "SPARK_CONF_DIR",
                        folder.resolve("conf-" + name).toString(),
                        "S3_ENDPOINT",
                        "http://" + store,
                        "SIGLIP_JAR",
                        Shell.JAR.toString(),
                        "SPARK_LOCAL_IP",
                        "127.0.0.1",
                        "SPARK_PUBLIC_DNS",
                        "127.0.0.1",
                        "SPARK_DAEMON_MEMORY",
                        "256m"));
    }

    /** The command of a service, with the places of containers replaced by those of this machine. */
    private static List<String> command(JsonNode services, String name, Map<String, String> places) {
        List<String> words = new ObjectMapper()
                .convertValue(services.get(name).get("command"), new TypeReference<List<String>>() {});
        List<String> here = new ArrayList<>();
        for (String word : words) {
            String option = here.isEmpty() ? "" : here.get(here.size() - 1);
            if (option.startsWith("--") && places.containsKey(option)) {
                here.add(places.get(option));
            } else if (!word.startsWith("--") && places.containsKey(word)) {
                here.add(places.get(word));
            } else {
                here.add(word.replace("/opt/siglip/conf", Shell.ROOT + "/conf"));
            }
        }
        return here;
    }

    private static JsonNode compose() throws IOException {
        String text = Files.readString(DOCKER.resolve("compose.yaml"));
        return new ObjectMapper().valueToTree(new Yaml().load(text)); // which merges what << names
    }

    /** The RUN lines of the builder's stage. */
    private static List<String> builderSteps() throws IOException {
        String text = Files.readString(DOCKER.resolve("Dockerfile"));
        String stage = text.substring(text.indexOf(" AS builder"), text.indexOf(" AS s3"));
        return stage.lines()
                .filter(line -> line.startsWith("RUN "))
                .map(line -> line.substring(4))
                .toList();
    }

    private static int status(String url) throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}
