package siglip.job.towers;

/** The two sides of a pair: each has a tower of its own. */
public enum Modality {
    IMAGE,
    TEXT
}
