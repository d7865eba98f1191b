package siglip.kernels.blas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a process whose processor is held to what came before bf16, auto falls back and a forced bf16 fails. */
class WithoutBf16Test {
    @Test
    void aForcedPrecisionThatTheProcessorLacksFails(@TempDir Path folder) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        ProcessBuilder child = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Dorg.bytedeco.javacpp.canCreateSymbolicLink=false",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName()));
        child.environment().put("ONEDNN_MAX_CPU_ISA", "AVX512_CORE");
        Process process =
                child.redirectErrorStream(true).redirectOutput(output.toFile()).start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends in time").isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(output, StandardCharsets.UTF_8).lines())
                .satisfiesExactly(auto -> assertThat(auto).isEqualTo("auto: FP32"), forced -> assertThat(forced)
                        .startsWith("Cannot compute products in bf16: the processor, '")
                        .endsWith("Choose precision auto or fp32"));
    }

    /** Prints what auto becomes, then what is said of bf16. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            try (MatrixProducts products = MatrixProducts.open("auto", "auto")) {
                System.out.println("auto: " + products.precision());
            }
            try (MatrixProducts products = MatrixProducts.open("onednn", "bf16")) {
                System.out.println("opened " + products.name());
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}
