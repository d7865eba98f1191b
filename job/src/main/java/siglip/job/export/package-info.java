/** What another program needs to train the same model on the same batches. */
package siglip.job.export;
