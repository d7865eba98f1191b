package siglip.job.stage;

import java.io.Serializable;

/**
 * Where one rank's time and bytes of one step of one arm went. Seconds are of the rank's own clock; they add up to its step.
 *
 * @param rank of the barrier stage
 * @param batchSeconds taking the batch from its source; counted for the first arm of a step
 * @param forwardSeconds both towers, forward, and the normalisation
 * @param lossSeconds products and element-wise part of the loss
 * @param hopSeconds waiting for blocks of neighbours and for their sending to end
 * @param backwardSeconds both towers, backward
 * @param reduceSeconds sending gradient pieces, waiting for those of the others, and adding them up
 * @param updateSeconds waiting for new parameters, from the driver and from the other ranks
 * @param ringBytes sent to other ranks while the loss was computed: embeddings, their gradients, sums of columns
 * @param reduceBytes sent to other ranks and to the driver after it: gradient and parameter pieces
 */
public record RankStep(
        int rank,
        double batchSeconds,
        double forwardSeconds,
        double lossSeconds,
        double hopSeconds,
        double backwardSeconds,
        double reduceSeconds,
        double updateSeconds,
        long ringBytes,
        long reduceBytes)
        implements Serializable {

    /** Time in which the rank computed nothing: waiting for neighbours, pieces and the driver. */
    public double waitingSeconds() {
        return hopSeconds + reduceSeconds + updateSeconds;
    }
}
