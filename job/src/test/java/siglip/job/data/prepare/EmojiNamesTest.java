package siglip.job.data.prepare;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;
import siglip.job.data.prepare.EmojiNames.Concept;

class EmojiNamesTest {
    @Test
    void descriptionsBecomeNamesAsIconsHaveThem() {
        assertThat(EmojiNames.slug("flag: C\u00f4te d\u2019Ivoire")).isEqualTo("flag-cote-divoire");
        assertThat(EmojiNames.slug("keycap: #")).isEqualTo("keycap-pound");
        assertThat(EmojiNames.slug("keycap: *")).isEqualTo("keycap-asterisk");
        assertThat(EmojiNames.slug("Mrs. Claus")).isEqualTo("mrs-claus");
        assertThat(EmojiNames.slug("flag: Trinidad & Tobago")).isEqualTo("flag-trinidad-and-tobago");
        assertThat(EmojiNames.slug("Japanese \u201cfree of charge\u201d button"))
                .isEqualTo("japanese-free-of-charge-button");
        assertThat(EmojiNames.slug("ON! arrow")).isEqualTo("on-exclamation-arrow");
    }

    @Test
    void namesOfSomeSetsAreBroughtToTheCommonForm() {
        assertThat(EmojiNames.key("emojione", "flag-for-japan")).isEqualTo("flag-japan");
        assertThat(EmojiNames.key("noto-v1", "flag-for-flag-japan")).isEqualTo("flag-japan");
        assertThat(EmojiNames.key("streamline-emojis", "cloud-1")).isEqualTo("cloud");
        assertThat(EmojiNames.key("noto", "keycap-1")).isEqualTo("keycap-1");
    }

    @Test
    void theFirstEntryOfAConceptStaysAndSkinTonesGo() throws JsonProcessingException {
        String json =
                """
                [{"description": "waving hand", "keywords": ["hello", "hand"], "group": "People", "subgroup": "hand"},
                 {"description": "waving hand: light skin tone", "keywords": [], "group": "People", "subgroup": "hand"},
                 {"description": "waving hand", "keywords": ["again"], "group": "People", "subgroup": "hand"}]
                """;

        Map<String, Concept> concepts = EmojiNames.concepts(new ObjectMapper().readTree(json));

        assertThat(concepts).containsOnlyKeys("waving-hand");
        assertThat(concepts.get("waving-hand").keywords()).containsExactly("hello", "hand");
    }
}
