package siglip.job.optimizer;

import java.util.Locale;

/** What a model consists of. */
public enum ModelPart {
    IMAGE_TOWER,
    TEXT_TOWER,
    TABLE;

    /** Its name in files: {@code image_tower}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
