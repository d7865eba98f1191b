package siglip.job.model;

import java.util.List;

/**
 * What is taken from embeddings of length 1 before they are scaled to length 1 again and compared, for a model that trained on centred embeddings: the
 * means of embeddings of training rows.
 *
 * @param image one number a dimension
 * @param text the same
 */
public record Centre(List<Double> image, List<Double> text) {
    public Centre {
        image = List.copyOf(image);
        text = List.copyOf(text);
    }
}
