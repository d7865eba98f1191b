/** Retrieval and class accuracy of the held-out pairs, computed on Spark. */
package siglip.job.evaluation;
