/** A state that appears whole or not at all, on any Hadoop file system. */
package siglip.job.checkpoint;
