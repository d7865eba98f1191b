package siglip.kernels;

import java.lang.reflect.InvocationTargetException;
import java.util.Comparator;
import java.util.List;

/** Chooses the element-wise kernel. The vector kernels are found by reflection: their module is not part of every process. */
final class ElementwiseKernels {
    private static final String VECTOR_FACTORY = "siglip.kernels.simd.VectorKernels";
    private static final String MODULE = "jdk.incubator.vector";

    private ElementwiseKernels() {}

    /**
     * @param choice {@code auto}, {@code scalar}, {@code vector}, or {@code vector-} and a width in bits
     * @throws IllegalArgumentException if the choice is none of these
     * @throws IllegalStateException if it cannot be honoured in this process
     */
    static ElementwiseKernel open(String choice) {
        if (choice.equals("scalar")) {
            return new ScalarKernel();
        }
        if (choice.equals("auto")) {
            return vectorModuleIsLoaded() ? vector(0) : new ScalarKernel();
        }
        if (!choice.matches("vector(-(128|256|512))?")) {
            throw new IllegalArgumentException(
                    "Cannot use element-wise kernel '%s': there are auto, scalar, vector, and vector-128, -256 and -512"
                            .formatted(choice));
        }
        if (!vectorModuleIsLoaded()) {
            throw new IllegalStateException(
                    "Cannot use element-wise kernel '%s': module %s is not loaded. Add --add-modules %s to the options of this JVM, or choose auto or scalar"
                            .formatted(choice, MODULE, MODULE));
        }
        return vector(choice.equals("vector") ? 0 : Integer.parseInt(choice.substring("vector-".length())));
    }

    /** Of names of kernels, the one that all processes have which have these: a wider processor computes with narrower vectors too. */
    static String narrowest(List<String> names) {
        return names.stream()
                .min(Comparator.comparingInt(
                        name -> name.startsWith("vector-") ? Integer.parseInt(name.substring("vector-".length())) : 0))
                .orElseThrow();
    }

    static boolean vectorModuleIsLoaded() {
        return ModuleLayer.boot().findModule(MODULE).isPresent();
    }

    /** @param bits width of the vectors; 0 for what the processor prefers */
    private static ElementwiseKernel vector(int bits) {
        try {
            return (ElementwiseKernel)
                    Class.forName(VECTOR_FACTORY).getMethod("open", int.class).invoke(null, bits);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(
                    "Cannot use the vector kernel: %s. Choose scalar".formatted(e.getCause()), e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "Cannot use the vector kernel: class %s is missing. Choose scalar".formatted(VECTOR_FACTORY), e);
        }
    }
}
