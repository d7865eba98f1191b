/** A barrier stage whose ranks form a ring: slots, attempts, numerics, the cores of a rank, and the clock of a step. */
package siglip.job.stage;
