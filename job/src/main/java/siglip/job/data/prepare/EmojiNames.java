package siglip.job.data.prepare;

import com.fasterxml.jackson.databind.JsonNode;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Which concept a drawing shows: icon names and CLDR descriptions are brought to one form and compared. */
final class EmojiNames {
    private EmojiNames() {}

    /**
     * What a drawing may show.
     *
     * @param slug identity, in the form of an icon's name
     * @param description CLDR short name
     * @param keywords CLDR keywords
     */
    record Concept(String slug, String description, List<String> keywords, String group, String subgroup) {}

    /** All concepts by their slug: the first entry of each, none with a skin tone. */
    static Map<String, Concept> concepts(JsonNode emojis) {
        Map<String, Concept> concepts = new LinkedHashMap<>();
        for (JsonNode emoji : emojis) {
            String description = emoji.get("description").asText();
            if (description.contains("skin tone")) {
                continue;
            }
            List<String> keywords = new ArrayList<>();
            emoji.get("keywords").forEach(keyword -> keywords.add(keyword.asText()));
            String slug = slug(description);
            concepts.putIfAbsent(
                    slug,
                    new Concept(
                            slug,
                            description,
                            List.copyOf(keywords),
                            emoji.get("group").asText(),
                            emoji.get("subgroup").asText()));
        }
        return concepts;
    }

    static String slug(String description) {
        String plain = Normalizer.normalize(description.toLowerCase(Locale.ROOT), Normalizer.Form.NFKD)
                .replaceAll("\\p{M}+", "")
                .replace("&", " and ")
                .replace("!", " exclamation ")
                .replace("#", "pound")
                .replace("*", "asterisk")
                .replaceAll("[\u2019\u2018\u201c\u201d'\".()]", "");
        return plain.replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    }

    /** The slug that an icon's name stands for. */
    static String key(String set, String icon) {
        String key = icon.replaceFirst("^flag-for-(flag-)?", "flag-"); // emojione and noto-v1
        // streamline-emojis numbers its several drawings of one concept
        return set.equals("streamline-emojis") ? key.replaceFirst("-[123]$", "") : key;
    }
}
