package siglip.job.features;

/** IEEE 754's binary16: a sign, five bits of exponent, ten of fraction. The JDK converts it from release 20 on. */
public final class Half {
    private static final float SMALLEST = 0x1p-24f;

    private Half() {}

    /** Exactly: every half is a float. */
    public static float toFloat(short bits) {
        int exponent = (bits >> 10) & 31;
        int fraction = bits & 1023;
        float size =
                switch (exponent) {
                    case 0 -> fraction * SMALLEST;
                    case 31 -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
                    default -> Float.intBitsToFloat(((exponent + 112) << 23) | (fraction << 13));
                };
        return bits < 0 ? -size : size;
    }
}
