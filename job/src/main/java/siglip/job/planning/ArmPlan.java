package siglip.job.planning;

import siglip.job.config.LossSettings.Kind;

/**
 * One step of one arm. Seconds by phase add up to the step; they mean what the report's mean.
 *
 * @param kind the arm's loss
 * @param batch taking the batch; counted for the first arm
 * @param forward both towers, forward
 * @param loss products and element-wise part, with the processor time that messages take from it
 * @param hop waiting for blocks of neighbours: what computing does not hide
 * @param backward both towers, backward, and forward again where there are micro-batches
 * @param reduceWork cutting the gradient into pieces and adding up
 * @param reduceWire sending pieces of the gradient and waiting for others'
 * @param driver the driver's own part
 * @param updateWork writing new parameters over the old
 * @param updateWire sums to the driver, new parameters back, and from rank to rank
 * @param traffic bytes that the rank sends which sends most
 * @param memory accounted memory of the rank that has most
 */
public record ArmPlan(
        Kind kind,
        double batch,
        double forward,
        double loss,
        double hop,
        double backward,
        double reduceWork,
        double reduceWire,
        double driver,
        double updateWork,
        double updateWire,
        Traffic traffic,
        Memory memory) {

    /** What takes most of a step. */
    public enum Limit {
        COMPUTE,
        NETWORK,
        DRIVER
    }

    public double seconds() {
        return compute() + network() + driver;
    }

    /** Time in which the ranks compute. */
    public double compute() {
        return batch + forward + loss + backward + reduceWork + updateWork;
    }

    /** Time in which they wait for messages. */
    public double network() {
        return hop + reduceWire + updateWire;
    }

    public Limit limit() {
        if (compute() >= network() && compute() >= driver) {
            return Limit.COMPUTE;
        }
        return network() >= driver ? Limit.NETWORK : Limit.DRIVER;
    }
}
