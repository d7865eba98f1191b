package siglip.job.data;

/**
 * A pair as it was before it became features, made small to be shown.
 *
 * @param picture JPEG; empty where the data hold features
 * @param caption empty where the data hold features
 */
public record Original(byte[] picture, String caption) {}
