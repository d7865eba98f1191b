/** The two encoders: forward, backward, one flat parameter vector; DL4J graphs and files. */
package siglip.job.towers;
