package siglip.job.losses;

import java.util.Optional;
import siglip.job.config.LossSettings;

/**
 * What the tool {@code loss} is asked for: the loss of given embeddings, and its gradients.
 *
 * @param input Parquet file or folder, any Hadoop path; rows count in the order of files and rows
 * @param imageColumn image embeddings, used as they are given
 * @param textColumn text embeddings, used as they are given
 * @param kind the loss
 * @param scale logit scale t, above 0
 * @param bias logit bias b; softmax has none
 * @param ranks tasks that compute it, D
 * @param gradients folder for the gradients of the embeddings, as Parquet; empty: not written
 */
public record LossRequest(
        String input,
        String imageColumn,
        String textColumn,
        LossSettings.Kind kind,
        double scale,
        double bias,
        int ranks,
        Optional<String> gradients) {

    public LossRequest {
        if (!(scale > 0) || !Double.isFinite(scale)) {
            throw new IllegalArgumentException("Cannot use a logit scale of %s: it must be above 0".formatted(scale));
        }
        if (!Double.isFinite(bias)) {
            throw new IllegalArgumentException("Cannot use a logit bias of %s: it must be a number".formatted(bias));
        }
        if (ranks < 1) {
            throw new IllegalArgumentException("Cannot compute on %d ranks: at least 1 is needed".formatted(ranks));
        }
    }
}
