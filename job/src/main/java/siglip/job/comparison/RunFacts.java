package siglip.job.comparison;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import siglip.job.config.Choice;
import siglip.job.data.DataSummary;

/** What a reader of a report must know of data, machine and software, as lines of a table in reading order. */
final class RunFacts {
    private RunFacts() {}

    static Map<String, String> of(DataSummary data, Optional<String> duplicates) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("path", data.path());
        facts.put("files", Integer.toString(data.files()));
        facts.put("rows read", Long.toString(data.rows()));
        facts.put("training pairs", Long.toString(data.training()));
        if (data.heldOut().isEmpty()) {
            facts.put("held-out pairs", "0");
        }
        data.heldOut().forEach((set, pairs) -> facts.put(set.of("held-out pairs"), Long.toString(pairs)));
        facts.put("concepts", concepts(data));
        duplicates.ifPresent(text -> facts.put("duplicates", text));
        facts.put("rows skipped", Long.toString(data.skippedRows()));
        data.skipped().forEach(each -> facts.put("skipped, " + each.reason(), each.toString()));
        data.absent().forEach(each -> facts.put("no pair, " + each.reason(), each.toString()));
        facts.put(
                "features",
                "images %d, texts %s"
                        .formatted(
                                data.shape().imageWidth(),
                                data.shape().textIsTokens()
                                        ? "hashed tokens"
                                        : Integer.toString(data.shape().textWidth())));
        facts.putAll(data.remarks());
        facts.put("source of batches", Choice.name(data.source()));
        facts.put("fingerprint", data.fingerprint());
        return facts;
    }

    private static String concepts(DataSummary data) {
        if (data.leftOutConcepts() == 0) {
            return Integer.toString(data.concepts());
        }
        String text = "%d, of which %d left out of training".formatted(data.concepts(), data.leftOutConcepts());
        return data.leftOut() == 0 ? text : text + " with their %d pairs".formatted(data.leftOut());
    }

    static Map<String, String> environment(SparkSession session) {
        Map<String, String> facts = new LinkedHashMap<>();
        Runtime runtime = Runtime.getRuntime();
        facts.put("processor of the driver", processor());
        facts.put("cores of the driver", Integer.toString(runtime.availableProcessors()));
        facts.put("driver heap", runtime.maxMemory() / (1 << 20) + " MiB");
        facts.put("Java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        facts.put("operating system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
        facts.put("Spark", session.version());
        facts.put("Scala", scala.util.Properties.versionNumberString());
        facts.put("master", session.sparkContext().master());
        return facts;
    }

    /** The processor's own name, where the system tells it. */
    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo"), StandardCharsets.UTF_8).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("unknown");
        } catch (IOException noSuchSystem) {
            return "unknown";
        }
    }
}
