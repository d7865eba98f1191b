/** Pairs in, batches out: reading, featurising, the order of an epoch. */
package siglip.job.data;
