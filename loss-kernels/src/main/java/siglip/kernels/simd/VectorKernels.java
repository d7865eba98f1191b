package siglip.kernels.simd;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jdk.incubator.vector.FloatVector;
import siglip.kernels.ElementwiseKernel;

/**
 * Opens vector kernels of any width.
 *
 * <p>The compiler turns vector code into instructions only if the width is a constant of the class. So {@link VectorKernel} is
 * loaded once per width, as a hidden class that finds the width in its class data; one source serves all.
 */
public final class VectorKernels {
    private static final int LARGEST_BITS = Float.SIZE * ElementwiseKernel.LANES;
    private static final Map<Integer, Class<?>> CLASSES = new ConcurrentHashMap<>();

    private VectorKernels() {}

    /**
     * A new kernel, for one thread.
     *
     * @param bits 128, 256 or 512, or 0 for the width that the processor prefers; wider than the processor's is right, but slow
     */
    public static ElementwiseKernel open(int bits) throws ReflectiveOperationException {
        int width = bits == 0 ? Math.min(FloatVector.SPECIES_PREFERRED.vectorBitSize(), LARGEST_BITS) : bits;
        return (ElementwiseKernel) CLASSES.computeIfAbsent(width, VectorKernels::define)
                .getDeclaredConstructor()
                .newInstance();
    }

    private static Class<?> define(Integer bits) {
        try (InputStream file = VectorKernels.class.getResourceAsStream("VectorKernel.class")) {
            return MethodHandles.lookup()
                    .defineHiddenClassWithClassData(file.readAllBytes(), bits, true)
                    .lookupClass();
        } catch (IOException | IllegalAccessException e) {
            throw new IllegalStateException("Cannot define a vector kernel of %d bits".formatted(bits), e);
        }
    }
}
