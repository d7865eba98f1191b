package siglip.job.data.prepare;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.formats.DataException;

/** The notices that go with a set of emoji pairs: who drew them, under which licence, and where the words are from. */
final class EmojiNotice {
    private EmojiNotice() {}

    static void write(SparkSession spark, JsonNode collections, List<String> vendors, String file) {
        Path path = new Path(file);
        try {
            FileSystem files = FileSystems.of(path, spark.sparkContext().hadoopConfiguration());
            byte[] text = text(collections, vendors).getBytes(StandardCharsets.UTF_8);
            WholeFile.write(files, path, out -> out.write(text));
        } catch (IOException e) {
            throw new DataException("Cannot write %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** The notices of the given sets, in Markdown. */
    static String text(JsonNode collections, List<String> vendors) {
        StringBuilder table = new StringBuilder();
        boolean mit = false;
        for (String vendor : new TreeSet<>(vendors)) {
            JsonNode set = collections.get(vendor);
            JsonNode licence = set.get("license");
            mit |= licence.get("spdx").asText().equals("MIT");
            table.append("| `%s` | %s | %s | %s | [%s](%s) |%n"
                    .formatted(
                            vendor,
                            set.get("name").asText(),
                            set.get("author").get("name").asText(),
                            set.get("author").get("url").asText(),
                            licence.get("spdx").asText(),
                            licence.get("url").asText()));
        }
        return resource("emoji-notice.md")
                .replace(
                        "{{table}}",
                        table.toString().replace(System.lineSeparator(), "\n").strip())
                .replace("{{mit}}", mit ? resource("mit-notice.md").strip() + "\n\n" : "")
                .replace("{{unicode}}", resource("UNICODE-LICENSE.txt").strip());
    }

    private static String resource(String name) {
        try (InputStream in = EmojiNotice.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
