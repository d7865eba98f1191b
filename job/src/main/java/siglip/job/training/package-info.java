/** One segment: steps of all arms, the schedule, the driver that decides, and what it records. */
package siglip.job.training;
