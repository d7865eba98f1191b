package siglip.job.training;

import java.util.Optional;
import siglip.job.optimizer.OptimizerSnapshot;
import siglip.job.optimizer.Slot;
import siglip.kernels.Loss;

/**
 * All that decides how one arm goes on, between two steps. The arrays are the snapshot's own and shared by those who hold it: nobody
 * writes to them.
 *
 * @param arm its name
 * @param loss what it trains with
 * @param nextStep the first step that it has not completed
 * @param stopped why it trains no further, if it does not
 * @param parameters of the towers, the table and the loss
 * @param optimizer its memory of gradients
 * @param peakBytes largest accounted memory of a rank for this arm so far
 */
public record ArmSnapshot(
        String arm,
        Loss loss,
        long nextStep,
        Optional<String> stopped,
        Slot parameters,
        OptimizerSnapshot optimizer,
        long peakBytes) {}
