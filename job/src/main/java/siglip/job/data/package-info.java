/** A data set, opened once and found valid: what to train on, and what is held out. */
package siglip.job.data;
