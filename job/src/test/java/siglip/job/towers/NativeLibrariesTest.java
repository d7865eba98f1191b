package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/**
 * Java machines of one user unpack native libraries into one folder. With links between its libraries, one machine could write
 * through the link of another into a file that a third had mapped into its memory, which ended it.
 */
class NativeLibrariesTest {
    private static final Path OPTIONS = Path.of("..", "conf", "jvm.options");
    private static final long SECONDS = 120;

    @Test
    void machinesThatUnpackIntoOneFolderMakeNoLinksInIt(@TempDir Path folder) throws IOException, InterruptedException {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        List<Process> machines = new ArrayList<>();
        try {
            machines.add(start(cache, folder.resolve("first"), "onednn", "nd4j", "openblas"));
            machines.add(start(cache, folder.resolve("second"), "nd4j", "openblas", "onednn"));
            for (Process machine : machines) {
                assertThat(machine.waitFor(SECONDS, TimeUnit.SECONDS))
                        .as("ends in time")
                        .isTrue();
            }
        } finally {
            machines.forEach(Process::destroyForcibly);
        }
        for (String name : List.of("first", "second")) {
            assertThat(Files.readAllLines(folder.resolve(name))).last().isEqualTo("computed");
        }
        try (Stream<Path> unpacked = Files.walk(cache)) {
            assertThat(unpacked).anyMatch(Files::isRegularFile).noneMatch(Files::isSymbolicLink);
        }
    }

    private static Process start(Path cache, Path output, String... libraries) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + OPTIONS,
                "-Dorg.bytedeco.javacpp.cachedir=" + cache,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Machine.class.getName()));
        command.addAll(List.of(libraries));
        ProcessBuilder machine = new ProcessBuilder(command);
        machine.environment().remove("OMP_NUM_THREADS"); // then OpenMP itself is looked up too
        return machine.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    }

    /** Computes with each library, in the order of the arguments. */
    static final class Machine {
        private Machine() {}

        public static void main(String[] libraries) {
            Matrix a = Matrix.allocate(1, 1);
            a.set(0, 0, 3);
            for (String library : libraries) {
                float product = library.equals("nd4j") ? nd4j(a) : times(library, a);
                if (product != 9) {
                    throw new IllegalStateException("3 * 3 is %s by %s".formatted(product, library));
                }
            }
            System.out.println("computed");
        }

        private static float nd4j(Matrix a) {
            Nd4jBridge.useOneThread();
            return Nd4jBridge.array(a).mmul(Nd4jBridge.array(a)).getFloat(0, 0);
        }

        private static float times(String library, Matrix a) {
            Matrix product = Matrix.allocate(1, 1);
            try (MatrixProducts products = MatrixProducts.open(library, "fp32")) {
                products.times(a, a, product, MatrixProducts.Into.OVERWRITE);
            }
            return product.get(0, 0);
        }
    }
}
