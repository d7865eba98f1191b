package siglip.kernels.blas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In a process that was started without a word about threads, or with a wrong one, a product starts none. */
@EnabledOnOs(OS.LINUX) // whose /proc lists the threads that Java knows nothing of
class OneThreadTest {
    private static final int MANY = 8;

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "openblas"})
    void aProductStartsNoThreads(String library, @TempDir Path folder) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        ProcessBuilder child = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xint", // nor does the compiler start any meanwhile
                "-XX:+UseSerialGC",
                "-Dorg.bytedeco.javacpp.canCreateSymbolicLink=false",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                library));
        child.environment().put("OMP_NUM_THREADS", Integer.toString(MANY));
        child.environment().put("OPENBLAS_NUM_THREADS", Integer.toString(MANY));
        Process process =
                child.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends in time").isTrue();
        } finally {
            process.destroyForcibly();
        }
        String said = Files.readString(output, StandardCharsets.UTF_8).strip();
        assertThat(said).matches("started -?\\d+");
        assertThat(Integer.parseInt(said.substring("started ".length()))).isLessThan(MANY - 1);
    }

    /** Multiplies, from two threads, and says how many more native threads there are than before. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws IOException, InterruptedException {
            Matrix a = Matrix.allocate(512, 512);
            Matrix c = Matrix.allocate(512, 512);
            try (MatrixProducts products = MatrixProducts.open(arguments[0], "fp32")) {
                long before = threads();
                products.times(a, a, c, MatrixProducts.Into.OVERWRITE);
                Thread other = new Thread(() -> products.times(a, a, c, MatrixProducts.Into.ADD));
                other.start();
                other.join();
                System.out.println("started " + (threads() - before));
            }
        }

        private static long threads() throws IOException {
            try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
                return tasks.count();
            }
        }
    }
}
