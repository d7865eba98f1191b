package siglip.job.order;

/** Randomness as a function of its key, the same wherever and in whatever order it is asked for. */
public final class Keyed {
    /** What SplitMix64 adds to its state for each output. */
    public static final long GAMMA = 0x9e3779b97f4a7c15L;

    /** What the randomness is for, so that two uses of one seed have nothing in common. */
    public enum Use {
        ORDER(1),
        CAPTION(2),
        SAMPLE(3),
        TEXT(4),
        MEASURING(5);

        private final long key;

        Use(long key) {
            this.key = key;
        }
    }

    private Keyed() {}

    /** 64 bits that look random, from a use and three numbers. */
    public static long bits(Use use, long first, long second, long third) {
        return mix(mix(mix(mix(use.key) ^ first) ^ second) ^ third);
    }

    /** A bijection of 64 bits: the next output of SplitMix64 in state {@code value}. */
    public static long mix(long value) {
        return output(value + GAMMA);
    }

    /** The output function of SplitMix64 (Steele, Lea and Flood 2014, constants of Stafford's variant 13), a bijection too. */
    public static long output(long state) {
        long z = (state ^ (state >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
