package siglip.kernels.blas;

import java.util.Locale;

/** Number format in which a product reads its operands. Its sums and its result are {@code float} in either. */
public enum Precision {
    /** As they are. */
    FP32,
    /** Rounded to the nearest number of 8 significant bits, to even between two. */
    BF16;

    /** {@code fp32}, {@code bf16}: what settings and numerics call it. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Bytes of a rounded copy of so many numbers; none where operands are read as they are. */
    public long roundedBytes(long numbers) {
        return this == FP32 ? 0 : Short.BYTES * numbers;
    }
}
