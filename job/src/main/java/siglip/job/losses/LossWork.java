package siglip.job.losses;

import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * A part of a loss's work, for whoever measures how fast this machine does it.
 *
 * @param name in the plan, of one of what is counted
 * @param count how many one run on a block does: logits, or columns
 * @param prepare makes what is run again and again
 */
public record LossWork(String name, ToDoubleFunction<LossBlock> count, Function<LossBlock, Runnable> prepare) {}
