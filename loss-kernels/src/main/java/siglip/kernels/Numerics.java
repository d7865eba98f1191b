package siglip.kernels;

import java.io.Serializable;
import java.util.List;
import siglip.kernels.blas.MatrixProducts;

/**
 * What decides the last bits of a result. Each name is a choice ({@code auto} where it is left open) before
 * {@link LossKernels#open}, and a fact after it.
 *
 * @param products matrix-product library: {@code auto}, {@code onednn}, {@code openblas}, {@code java}; resolved, with version and instruction
 *     set: {@code onednn-3.11.0-avx512_core_bf16}
 * @param precision in which products read their operands: {@code fp32}; {@code bf16}, where the processor multiplies bf16 itself; or
 *     {@code auto}, bf16 where it does and fp32 elsewhere. Nothing else is rounded to bf16: logits, the element-wise part, sums and
 *     gradients stay {@code float} and {@code double}
 * @param elementwise {@code auto}, {@code vector}, {@code scalar}; resolved, the vector's width: {@code vector-512}
 * @param tile rows and columns of a tile of logits
 */
public record Numerics(String products, String precision, String elementwise, int tile) implements Serializable {
    /** Products of operands as they are. */
    public static final String FP32 = "fp32";

    /** Leaves every choice open but the precision, which changes results by more than their last bits. */
    public static final Numerics AUTO = new Numerics("auto", FP32, "auto", 512);

    /**
     * What several processes can all compute with, of which each has resolved its own: bf16 only if all would take it, and the narrowest
     * vectors.
     *
     * @throws IllegalStateException if libraries, versions or instruction sets differ; says what would make them equal
     */
    public static Numerics common(List<Numerics> resolved) {
        List<String> products =
                resolved.stream().map(Numerics::products).distinct().toList();
        if (products.size() > 1) {
            throw new IllegalStateException(
                    "Cannot compute the same products with %s: their results differ in their last bits. %s"
                            .formatted(String.join(" and ", products), MatrixProducts.remedy(products)));
        }
        List<String> precisions =
                resolved.stream().map(Numerics::precision).distinct().toList();
        return new Numerics(
                products.get(0),
                precisions.size() == 1 ? precisions.get(0) : FP32,
                ElementwiseKernels.narrowest(
                        resolved.stream().map(Numerics::elementwise).toList()),
                resolved.get(0).tile());
    }

    public Numerics {
        if (tile < 1 || tile > 8192) {
            throw new IllegalArgumentException(
                    "Cannot use tiles of %d rows: 1 to 8192, best about 512".formatted(tile));
        }
    }
}
