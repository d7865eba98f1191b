package siglip.job.optimizer;

/**
 * The mean of squared gradients by which an optimizer divides its steps.
 *
 * @param raw as it is kept, drawn to 0 by its start; shared
 * @param correction what it is divided by to take that out
 * @param epsilon least root of it that counts
 */
record SecondMoment(Slot raw, double correction, double epsilon) {}
