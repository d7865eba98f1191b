package siglip.kernels.blas;

import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.presets.openblas_nolapack.SetNumThreads;

/**
 * Holds OpenMP to one thread inside a product: the threads of a rank work on different tiles, and more threads inside the
 * library would change nothing but the waiting.
 *
 * <p>The environment variable {@code OMP_NUM_THREADS} does it too, but must be set before the process starts, which nothing does in
 * Spark's local mode. oneDNN's Java API has no call for it; {@link SetNumThreads} is a pointer to a C function that takes
 * an {@code int}, and can point to OpenMP's.
 */
final class OpenMp {
    private OpenMp() {}

    /**
     * For products of the calling thread, from now on.
     *
     * @throws IllegalStateException if the OpenMP library cannot be found and the environment does not say 1 either
     */
    static void useOneThread() {
        if ("1".equals(System.getenv("OMP_NUM_THREADS"))) {
            return;
        }
        Function function = Function.INSTANCE;
        if (function.isNull()) {
            throw new IllegalStateException(
                    "Cannot hold OpenMP to one thread: omp_set_num_threads was not found. Set OMP_NUM_THREADS=1");
        }
        function.call(1);
    }

    /** {@code omp_set_num_threads} of the OpenMP library that is loaded. */
    private static final class Function extends SetNumThreads {
        static final Function INSTANCE = new Function();

        private Function() {
            for (Map.Entry<String, String> library : Loader.getLoadedLibraries().entrySet()) {
                if (library.getKey().contains("omp")) {
                    Loader.loadGlobal(library.getValue()); // symbols of a library loaded for Java are private to it
                }
            }
            Pointer symbol = Loader.addressof("omp_set_num_threads");
            if (symbol == null) {
                setNull();
            } else {
                put(symbol);
            }
        }
    }
}
