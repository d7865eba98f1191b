package siglip.job.training;

import java.util.Optional;
import siglip.job.optimizer.OptimizerSnapshot;

/**
 * All that decides how one arm goes on, between two steps. The arrays are the snapshot's own and shared by those who hold it: nobody
 * writes to them.
 *
 * @param arm its name
 * @param nextStep the first step that it has not completed
 * @param stopped why it trains no further, if it does not
 * @param logScale t'
 * @param bias b; 0 for softmax
 * @param dense parameters of the towers, P floats
 * @param table rows of the table one after the other
 * @param optimizer its memory of gradients
 * @param peakBytes largest accounted memory of a rank for this arm so far
 */
public record ArmSnapshot(
        String arm,
        long nextStep,
        Optional<String> stopped,
        double logScale,
        double bias,
        float[] dense,
        float[] table,
        OptimizerSnapshot optimizer,
        long peakBytes) {}
