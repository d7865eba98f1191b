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
 * <p>The compiler turns vector code into instructions only if the width is a constant of the class. So {@link VectorKernel} and
 * {@link VectorNegatives} are loaded once per width, as hidden classes that find the width in their class data; one source serves all.
 */
public final class VectorKernels {
    private static final int LARGEST_BITS = Float.SIZE * ElementwiseKernel.LANES;
    private static final Map<Source, Class<?>> CLASSES = new ConcurrentHashMap<>();

    /** A class, and the width of vectors for which it is loaded. */
    private record Source(String name, int bits) {}

    private VectorKernels() {}

    /**
     * A new kernel, for one thread.
     *
     * @param bits 128, 256 or 512, or 0 for the width that the processor prefers; wider than the processor's is right, but slow
     */
    public static ElementwiseKernel open(int bits) throws ReflectiveOperationException {
        int width = bits == 0 ? Math.min(FloatVector.SPECIES_PREFERRED.vectorBitSize(), LARGEST_BITS) : bits;
        ElementwiseKernel.Negatives negatives = (ElementwiseKernel.Negatives)
                loaded("VectorNegatives", width).getDeclaredConstructor().newInstance();
        return (ElementwiseKernel) loaded("VectorKernel", width)
                .getDeclaredConstructor(ElementwiseKernel.Negatives.class)
                .newInstance(negatives);
    }

    private static Class<?> loaded(String name, int bits) {
        return CLASSES.computeIfAbsent(new Source(name, bits), VectorKernels::define);
    }

    private static Class<?> define(Source source) {
        try (InputStream file = VectorKernels.class.getResourceAsStream(source.name() + ".class")) {
            return MethodHandles.lookup()
                    .defineHiddenClassWithClassData(file.readAllBytes(), source.bits(), true)
                    .lookupClass();
        } catch (IOException | IllegalAccessException e) {
            throw new IllegalStateException("Cannot define a vector kernel of %d bits".formatted(source.bits()), e);
        }
    }
}
