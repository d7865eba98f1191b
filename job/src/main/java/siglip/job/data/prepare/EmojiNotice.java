package siglip.job.data.prepare;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import siglip.job.files.OwnFolder;
import siglip.job.files.WholeFile;

/** The notices that go with a set of emoji pairs: who drew them, under which licence, and where the words are from. */
final class EmojiNotice {
    private static final String FILE = "NOTICE.md";

    private EmojiNotice() {}

    static void write(JsonNode collections, List<String> vendors, OwnFolder folder) throws IOException {
        byte[] text = text(collections, vendors).getBytes(StandardCharsets.UTF_8);
        WholeFile.write(folder.files(), folder.take(FILE), out -> out.write(text));
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
