package siglip.job.planning;

import java.util.Locale;
import siglip.job.stage.Phase;
import siglip.job.stage.PhaseSeconds;
import siglip.kernels.LossForm;

/**
 * One step of one arm. Seconds by phase add up to the step; they mean what the report's mean.
 *
 * @param loss of the arm
 * @param computing what the ranks compute in each phase: the loss with the processor time that messages take from it, backward with
 *     forward again where there are micro-batches, gradients cut into pieces and added up, new parameters written over the old
 * @param messages what they wait for in each phase: blocks of neighbours, as far as computing does not hide them; pieces of the
 *     gradient; sums to the driver, new parameters back, and from rank to rank
 * @param driver the driver's own part
 * @param traffic bytes that the rank sends which sends most
 * @param memory accounted memory of the rank that has most
 */
public record StepForecast(
        LossForm loss, PhaseSeconds computing, PhaseSeconds messages, double driver, Traffic traffic, Memory memory) {

    /** What takes most of a step. */
    public enum Limit {
        COMPUTE,
        NETWORK,
        DRIVER;

        /** In lower case, for tables and programs. */
        String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public double seconds() {
        return computing.total() + messages.total() + driver;
    }

    public double seconds(Phase phase) {
        return phase == Phase.DRIVER ? driver : computing.get(phase) + messages.get(phase);
    }

    public Limit limit() {
        double compute = computing.total();
        double network = messages.total();
        if (compute >= network && compute >= driver) {
            return Limit.COMPUTE;
        }
        return network >= driver ? Limit.NETWORK : Limit.DRIVER;
    }
}
