package siglip.job.comparison;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import siglip.job.batches.CaptionDraw;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.data.PairData;
import siglip.kernels.DuplicatePolicy;

/** What a run says of pairs that share a batch and their concept: how many they are, and what becomes of them. */
final class SharedConceptsNote {
    private static final double NEXT_TO_NONE = 0.01; // of a batch, on average

    private SharedConceptsNote() {}

    /** Empty where there are next to none. */
    static Optional<String> of(Settings settings, PairData data) {
        int batch = settings.training().batchSize();
        int texts = settings.training().textsPerImage();
        String become = become(settings.loss().arms());
        if (texts > 1) {
            return Optional.of(
                    "the %d pairs of a batch are %d images, each with %d of its texts (training.texts-per-image); for each other's image %s"
                            .formatted(batch, batch / texts, texts, become));
        }
        double shared = data.sharedConcepts(new CaptionDraw(settings.run().seed(), 0, 0, 1))
                .perBatch(batch);
        return shared < NEXT_TO_NONE
                ? Optional.empty()
                : Optional.of(
                        "%s of the %d pairs of a batch share their concept with another pair of it, on average; for each other %s"
                                .formatted(
                                        String.format(Locale.ROOT, shared < 10 ? "%.2f" : "%.0f", shared),
                                        batch,
                                        become));
    }

    /** To all arms, or arm by arm where they differ. */
    private static String become(List<LossSettings.Arm> arms) {
        boolean same =
                arms.stream().map(LossSettings.Arm::duplicates).distinct().count() == 1;
        return "they are "
                + (same
                        ? become(arms.get(0).duplicates())
                        : arms.stream()
                                .map(arm -> "%s to %s".formatted(become(arm.duplicates()), arm.name()))
                                .collect(Collectors.joining(", and ")));
    }

    private static String become(DuplicatePolicy policy) {
        return switch (policy) {
            case IGNORE -> "negatives (loss.duplicates = ignore; mask would leave them out, multi-positive make them positives)";
            case MASK -> "left out of the loss (loss.duplicates = mask)";
            case MULTI_POSITIVE -> "positives (loss.duplicates = multi-positive)";
        };
    }
}
