package siglip.job.towers;

import java.nio.FloatBuffer;
import siglip.job.order.Keyed;
import siglip.kernels.blas.Matrix;

/**
 * Sets a share of a tower's inputs to zero and scales the others by 1/(1 - share). What is dropped in a row is decided by
 * (seed, step, row id, tower) alone: not by where in a batch the row lies, nor by which rank holds it.
 *
 * <p>Inputs 2j and 2j + 1 of a row take the low and the high half of {@code mix(key + (j + 1) * GAMMA)} as unsigned 32-bit
 * numbers u and are kept if {@code u >= round(share * 2^32)}. {@code mix} is the output function of SplitMix64, and
 * {@code key = mix(mix(mix(seed + tower * GAMMA) + step) + id)}, tower 1 for images, 2 for texts.
 *
 * @see <a href="https://doi.org/10.1145/2660193.2660195">Steele, Lea, Flood 2014</a> for SplitMix64
 */
final class InputDropout {

    private final long threshold;
    private final float scale;
    private final int tower;
    private final float[] row;

    InputDropout(double share, Modality modality, int width) {
        threshold = Math.round(share * 0x1p32);
        scale = (float) (1 / (1 - share));
        tower = modality.ordinal() + 1;
        row = new float[width];
    }

    boolean active() {
        return threshold > 0;
    }

    /** {@code to[i] = mask(ids[i]) * from[i]}, row by row; the two may be the same matrix. */
    void apply(long seed, long step, long[] ids, Matrix from, Matrix to) {
        FloatBuffer in = from.floats();
        FloatBuffer out = to.floats();
        for (int i = 0; i < from.rows(); i++) {
            in.get(i * row.length, row);
            apply(key(seed, step, ids[i], tower), row);
            out.put(i * row.length, row);
        }
    }

    private void apply(long key, float[] values) {
        long state = key;
        int width = values.length;
        for (int j = 0; j < width; j += 2) {
            state += Keyed.GAMMA;
            long bits = Keyed.output(state);
            values[j] = (bits & 0xFFFFFFFFL) >= threshold ? values[j] * scale : 0;
            if (j + 1 < width) {
                values[j + 1] = (bits >>> 32) >= threshold ? values[j + 1] * scale : 0;
            }
        }
    }

    static long key(long seed, long step, long id, int tower) {
        return Keyed.output(Keyed.output(Keyed.output(seed + tower * Keyed.GAMMA) + step) + id);
    }
}
