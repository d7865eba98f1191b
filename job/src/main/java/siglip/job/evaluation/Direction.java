package siglip.job.evaluation;

import com.fasterxml.jackson.annotation.JsonValue;

/** Which side of a held-out set is searched with the other. */
public enum Direction {
    /** Images are the queries. */
    IMAGE_TO_TEXT("image_to_text", "image → text"),
    /** Captions are the queries. */
    TEXT_TO_IMAGE("text_to_image", "text → image");

    private final String key;
    private final String label;

    Direction(String key, String label) {
        this.key = key;
        this.label = label;
    }

    /** Its name in JSON. */
    @JsonValue
    public String key() {
        return key;
    }

    /** Its name for people. */
    public String label() {
        return label;
    }
}
