package siglip.job.losses;

import siglip.job.ring.GradientRing;
import siglip.job.ring.TextRing;
import siglip.kernels.blas.Matrix;

/** The last of a rank's gradient of its texts, on the network while the rank may do something else. */
public interface PendingTextGradient {
    /** Waits for it and adds it, and waits until all that this rank sent has arrived. */
    void await();

    static PendingTextGradient of(GradientRing gradients, TextRing texts, Matrix textGradient) {
        return () -> {
            gradients.home(textGradient);
            texts.finish();
        };
    }
}
