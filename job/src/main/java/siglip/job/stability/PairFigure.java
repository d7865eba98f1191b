package siglip.job.stability;

import java.util.Locale;

/** What {@link PairFigures} says of embedded pairs. Similarities s are cosines; s_ii is that of a pair, s_ij of an image and another's text. */
public enum PairFigure {
    PAIRS("how many pairs"),
    ALIGNMENT("mean of |x - y|^2 over pairs: 0 where they coincide, 2 where they are unrelated"),
    IMAGE_UNIFORMITY("log of the mean of exp(-2 |x - x'|^2) over two images: 0 where all coincide, -4 at random"),
    TEXT_UNIFORMITY("the same of texts"),
    IMAGE_RANK(
            "RankMe: exp of the entropy of the singular values of the images' embeddings, from 1 to the smaller of d and the number of pairs"),
    TEXT_RANK("the same of texts"),
    IMAGE_PARTICIPATION("participation ratio (sum v)^2 / sum v^2 of the squared singular values v of the images"),
    TEXT_PARTICIPATION("the same of texts"),
    MODALITY_GAP("|mean x - mean y|"),
    POSITIVE_SIMILARITY("mean of s_ii"),
    NEGATIVE_SIMILARITY("mean of s_ij"),
    NEGATIVE_VARIANCE("variance of s_ij"),
    MEAN_LOGIT("mean of t s + b over all pairs: where the sigmoid collapses, all logits move together"),
    HARDEST_NEGATIVE_LOGIT("mean over images and texts of the largest logit t s_ij + b among their negatives"),
    HARDEST_NEGATIVE_SHARE(
            "mean share of that negative in what all negatives of its image or text weigh in the gradient: sigmoid(t s + b) where the loss has b, exp(t s) elsewhere"),
    IMAGE_COMMON_GRADIENT(
            "share of the images' gradient along their common direction: n |mean g|^2 / sum |g_i|^2, with g_i the gradient at image i less its part along the image, of the plain sigmoid loss where the loss has b and of the softmax elsewhere. 1 where all are pushed alike, 1 / n at random"),
    TEXT_COMMON_GRADIENT("the same of texts"),
    MARGIN(
            "(p - n) / 2, with p the similarity that 95 % of the positives exceed, n that which 95 % of the negatives stay below"),
    RELATIVE_BIAS("(p + n) / 2: where a threshold would lie, b_rel"),
    AUROC("share of positives and negatives, taken two and two, in which the positive has the larger similarity"),
    INFONCE(
            "softmax loss in nats, mean of both directions, with the t at which it is least: the same unit for all losses"),
    INFONCE_SCALE("that t, at most 1,000"),
    PAIR_ENTROPY(
            "sigmoid loss in nats for each image, with the t and b at which it is least: the same unit for all losses"),
    CALIBRATION(
            "sigmoid loss with the model's own t and b, less that least one: what their being off costs; only for losses with b");

    private final String words;

    PairFigure(String words) {
        this.words = words;
    }

    /** Its name in {@code metrics.json}. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What it is, as {@code docs/metrics.md} says it. */
    public String words() {
        return words;
    }
}
