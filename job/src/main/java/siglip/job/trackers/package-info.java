/** Who is told of a run while it goes on. */
package siglip.job.trackers;
