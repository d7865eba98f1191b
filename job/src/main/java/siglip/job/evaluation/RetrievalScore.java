package siglip.job.evaluation;

import java.io.Serializable;

/**
 * Retrieval within one held-out set, both ways, as shares from 0 to 1. Every caption of the right concept is right. Ties count
 * by their expected rank, so a collapsed model scores k/N.
 *
 * @param queries number of queries
 */
public record RetrievalScore(int queries, double r1, double r5, double r10) implements Serializable {}
