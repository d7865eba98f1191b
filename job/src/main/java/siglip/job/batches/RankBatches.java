package siglip.job.batches;

/** One rank's slices of the global batches, step by step, on an executor. */
public interface RankBatches {
    /**
     * Fills {@code into} with the pairs at the positions of this rank in global batch {@code step}. Steps are read in order, each once.
     */
    void read(long step, Batch into);
}
