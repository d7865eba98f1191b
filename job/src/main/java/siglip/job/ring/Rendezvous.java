package siglip.job.ring;

import java.io.Serializable;
import siglip.job.config.RingSettings;

/**
 * Where the ranks of an attempt come together: all that a rank must know to join.
 *
 * @param driver where the driver listens
 * @param attempt the number that marks the attempt's messages
 * @param ranks how many there are
 */
public record Rendezvous(Address driver, long attempt, int ranks, RingSettings settings) implements Serializable {}
