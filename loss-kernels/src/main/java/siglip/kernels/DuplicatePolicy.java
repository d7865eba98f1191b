package siglip.kernels;

/** What becomes of a pair whose image and text have the same concept id but are not each other's own. One policy serves both losses. */
public enum DuplicatePolicy {
    /** A negative like any other. */
    IGNORE,
    /** Left out of the loss: neither positive nor negative. */
    MASK,
    /** A positive: sigmoid label +1; softmax target 1/k for each of the k positives of a row or column. */
    MULTI_POSITIVE
}
