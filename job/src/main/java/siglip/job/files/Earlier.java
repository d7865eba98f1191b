package siglip.job.files;

/** What becomes of what an earlier call of this program wrote in the same place. */
public enum Earlier {
    KEEP,
    OVERWRITE
}
