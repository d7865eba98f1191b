/** Pairs as they train: packed, ordered, cut into global batches, from a copy in memory or a shuffle. */
package siglip.job.batches;
