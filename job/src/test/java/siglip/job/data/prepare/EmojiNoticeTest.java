package siglip.job.data.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class EmojiNoticeTest {
    @Test
    void namesAuthorSourceAndLicenceOfEachSetAndHoldsTheTextsThatMustGoWithIt() throws JsonProcessingException {
        JsonNode collections = new ObjectMapper()
                .readTree(
                        """
                        {"noto": {"name": "Noto", "author": {"name": "G", "url": "https://example/g"},
                                  "license": {"spdx": "Apache-2.0", "url": "https://example/a"}},
                         "fluent-emoji-flat": {"name": "Fluent", "author": {"name": "M", "url": "https://example/m"},
                                  "license": {"spdx": "MIT", "url": "https://example/l"}}}
                        """);

        String both = EmojiNotice.text(collections, List.of("noto", "fluent-emoji-flat"));
        String one = EmojiNotice.text(collections, List.of("noto"));

        assertThat(both)
                .contains(
                        "| `fluent-emoji-flat` | Fluent | M | https://example/m | [MIT](https://example/l) |\n| `noto` |")
                .contains("Copyright (c) Microsoft Corporation.")
                .contains("UNICODE LICENSE V3")
                .contains("net.fellbaum:jemoji")
                .doesNotContain("{{");
        assertThat(one).doesNotContain("Microsoft").contains("https://example/g");
    }

    @Test
    void theSampleCarriesTheNoticesThatAreMadeForIt() throws IOException {
        String notice = Files.readString(Path.of("../data/emoji/NOTICE.md"));

        assertThat(notice).contains("| `noto-v1` |", "| `noto` |", "| `fluent-emoji-flat` |");
        assertThat(notice)
                .contains(new String(
                                EmojiNotice.class
                                        .getResourceAsStream("UNICODE-LICENSE.txt")
                                        .readAllBytes(),
                                java.nio.charset.StandardCharsets.UTF_8)
                        .strip());
    }
}
