package siglip.kernels;

import java.util.stream.Stream;

/** The element-wise kernels that this run of the suite requires: {@code -Dtest.kernel=vector} or {@code scalar}. */
final class Kernels {
    private Kernels() {}

    /** The scalar kernel, and in a run that requires the vector kernels, those of every width. */
    static Stream<ElementwiseKernel> all() {
        return required().equals("vector")
                ? Stream.of("scalar", "vector-128", "vector-256", "vector-512").map(ElementwiseKernels::open)
                : Stream.of(ElementwiseKernels.open("scalar"));
    }

    /** The kernel that this run is about. */
    static ElementwiseKernel one() {
        return ElementwiseKernels.open(required());
    }

    /** What {@code auto} has to resolve to. */
    static String required() {
        String kernel = System.getProperty("test.kernel", "");
        if (!kernel.equals("vector") && !kernel.equals("scalar")) {
            throw new IllegalStateException(
                    "Cannot tell what to test: test.kernel is '%s', not vector or scalar".formatted(kernel));
        }
        return kernel;
    }
}
