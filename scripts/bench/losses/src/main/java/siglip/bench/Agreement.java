package siglip.bench;

import java.io.IOException;
import java.util.Map;

/** Both sides must have computed the same before either is timed. */
final class Agreement {
    /**
     * Several times what both sides may be off in fp32 at these sizes. Under autocast PyTorch rounds logits of up to 16 to 8 bits, by
     * up to 2^-5, and so losses and derivatives of single pairs by 3 %; a rounding here and there does not add up to that in a sum.
     */
    private static double tolerance(String precision) {
        return precision.equals("fp32") ? 1e-4 : 0x1p-5;
    }

    private Agreement() {}

    /** @throws IOException if a number differs, which says that there is nothing to time */
    static void check(Map<String, Double> ours, Map<String, Double> theirs, String precision) throws IOException {
        for (Map.Entry<String, Double> entry : ours.entrySet()) {
            double a = entry.getValue();
            double b = theirs.getOrDefault(entry.getKey(), Double.NaN);
            if (!(Math.abs(a - b) <= tolerance(precision) * Math.max(Math.abs(a), Math.abs(b)))) {
                throw new IOException("not timed: its %s is %s, ours %s".formatted(entry.getKey(), b, a));
            }
        }
    }
}
