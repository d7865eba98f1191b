package siglip.kernels;

import java.io.Serializable;

/**
 * What decides the last bits of a result. Each name is a choice ({@code auto} where it is left open) before
 * {@link LossKernels#open}, and a fact after it.
 *
 * @param products matrix-product library: {@code auto}, {@code onednn}, {@code openblas}, {@code java}; resolved, with version and instruction set
 * @param precision inputs of products: {@code fp32}
 * @param elementwise {@code auto}, {@code vector}, {@code scalar}; resolved, the vector's width: {@code vector-512}
 * @param tile rows and columns of a tile of logits
 */
public record Numerics(String products, String precision, String elementwise, int tile) implements Serializable {
    /** Leaves every choice open. */
    public static final Numerics AUTO = new Numerics("auto", "fp32", "auto", 512);
}
