/** One segment: steps, the optimizer, the schedule, the driver's authority, attempts; plain Java where it can be, tested without a session. */
package siglip.job.training;
