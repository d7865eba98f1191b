/** Each loss over all ranks: what it learns besides the towers, what travels round the ring, and how its blocks are computed. */
package siglip.job.losses;
