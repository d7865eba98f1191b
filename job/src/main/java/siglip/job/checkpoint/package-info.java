/** A training's state that appears whole or not at all, on any Hadoop file system, and the claim on the folder that holds it. */
package siglip.job.checkpoint;
