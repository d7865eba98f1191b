package siglip.kernels;

/**
 * What a block must know of the global batch that it is part of.
 *
 * @param pairs N
 * @param key what is random in it follows from this number and from positions in the batch, hence is the same however the batch is cut
 * @param least negatives of a smaller similarity do not count
 * @param limit nor do those of this similarity or a greater one
 */
public record GlobalBatch(int pairs, long key, float least, float limit) {
    /** A batch all of whose negatives have a similarity that counts. */
    public static GlobalBatch of(int pairs, long seed, long step) {
        return new GlobalBatch(pairs, mix(seed + mix(step)), Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);
    }

    /** The same batch, of whose negatives those count that lie within a range of similarities. */
    public GlobalBatch within(float from, float below) {
        return new GlobalBatch(pairs, key, from, below);
    }

    int imageKey(int position) {
        return (int) mix(key + 2L * position);
    }

    int textKey(int position) {
        return (int) mix(key + 2L * position + 1);
    }

    /** The finaliser of SplitMix64: Steele, Lea and Flood 2014. */
    private static long mix(long value) {
        long z = value + 0x9e3779b97f4a7c15L;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
