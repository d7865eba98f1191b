/**
 * Blocks between ranks and shards to the driver, on Spark's own network library: the only code that touches the network.
 */
package siglip.job.ring;
