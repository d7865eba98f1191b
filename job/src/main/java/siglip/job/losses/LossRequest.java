package siglip.job.losses;

import java.util.Optional;
import siglip.job.config.DataSettings.Format;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalars;

/**
 * What the tool {@code loss} is asked for: the loss of given embeddings, and its gradients.
 *
 * @param input file or folder, any Hadoop path; rows count in the order of files and rows
 * @param format what lies there
 * @param imageColumn image embeddings, used as they are given
 * @param textColumn text embeddings, used as they are given
 * @param form of the loss
 * @param scalars the values of its scalars
 * @param ranks tasks that compute it, D
 * @param gradients folder for the gradients of the embeddings, as Parquet; empty: not written
 */
public record LossRequest(
        String input,
        Format format,
        String imageColumn,
        String textColumn,
        LossForm form,
        LossScalars scalars,
        int ranks,
        Optional<String> gradients) {

    public LossRequest {
        if (ranks < 1) {
            throw new IllegalArgumentException("Cannot compute on %d ranks: at least 1 is needed".formatted(ranks));
        }
    }
}
