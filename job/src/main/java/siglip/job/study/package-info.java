/** A plan of comparisons, each an ordinary run folder, and what these folders tell together. */
package siglip.job.study;
