package siglip.job.data.prepare;

import siglip.job.order.Keyed;

/** Standard normal numbers that depend on a seed and a stream alone: SplitMix64, turned normal by the method of Box and Muller. */
final class KeyedGaussians {
    private long state;

    KeyedGaussians(long seed, long stream) {
        state = Keyed.output(Keyed.output(seed) ^ stream);
    }

    /** The next numbers of the stream. */
    double[] next(int count) {
        double[] values = new double[count];
        for (int i = 0; i < count; i += 2) {
            double radius =
                    Math.sqrt(-2 * StrictMath.log(1 - uniform())); // StrictMath: the same digits on every machine
            double angle = 2 * Math.PI * uniform();
            values[i] = radius * StrictMath.cos(angle);
            if (i + 1 < count) {
                values[i + 1] = radius * StrictMath.sin(angle);
            }
        }
        return values;
    }

    /** From 0 to below 1. */
    private double uniform() {
        state += Keyed.GAMMA;
        return (Keyed.output(state) >>> 11) * 0x1p-53;
    }
}
