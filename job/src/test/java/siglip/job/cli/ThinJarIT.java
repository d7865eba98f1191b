package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The jar that clusters get holds what they lack, and nothing else. */
class ThinJarIT {
    private static final Path JAR = Shell.JAR;
    private static final long MOST_BYTES = 165L << 20; // 154 MiB, 86 MiB of which are one library of ND4J

    /** A class of DL4J Spark that reads what Spark shows to its own package alone; Spark has none of that name. */
    private static final String DL4J_IN_SPARKS_PACKAGE = "org/apache/spark/TaskContextHelper";

    private static Set<String> names;

    @BeforeAll
    static void readNames() throws IOException {
        Shell.requireJar();
        names = entries(JAR);
    }

    @Test
    void itIsSmall() throws IOException {
        assertThat(Files.size(JAR)).isLessThan(MOST_BYTES);
    }

    @Test
    void itHoldsNoClassThatSparkHas() throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> twice = new ArrayList<>();
        int jarsOfSpark = 0;
        for (String entry : classPath.split(File.pathSeparator, -1)) {
            if (!entry.endsWith(".jar")) {
                continue;
            }
            Set<String> theirs = entries(Path.of(entry));
            theirs.removeIf(name -> !name.endsWith(".class") || name.endsWith("module-info.class"));
            if (theirs.isEmpty() || names.containsAll(theirs)) {
                continue; // a library that the jar is made of
            }
            jarsOfSpark++;
            theirs.retainAll(names);
            if (!theirs.isEmpty() && !entry.contains("org" + File.separator + "nd4j" + File.separator)) {
                twice.add("%s: %s".formatted(entry, theirs));
            }
        }
        assertThat(jarsOfSpark).as("jars of Spark looked at").isGreaterThan(100);
        assertThat(twice).isEmpty();
        assertThat(names)
                .filteredOn(name -> name.endsWith(".class") && !name.startsWith(DL4J_IN_SPARKS_PACKAGE))
                .isNotEmpty()
                .noneMatch(
                        name -> name.matches(
                                "(io/netty|com/fasterxml/jackson|com/google/(common|protobuf)|org/slf4j|scala|org/apache/(spark|hadoop))/.*"));
    }

    @Test
    void itHoldsTheNativesOfOnePlatformAndNoHeaders() {
        assertThat(names)
                .filteredOn(name -> name.matches(".*\\.(so|dll|dylib|jnilib|h|hpp|a)([.][0-9]+)*"))
                .isNotEmpty()
                .allMatch(name -> name.contains("/linux-x86_64/") && name.contains(".so"));
    }

    @Test
    void itStartsTheJobAndKeepsServicesDefaultsAndLicences() throws IOException {
        try (JarFile jar = new JarFile(JAR.toFile())) {
            assertThat(jar.getManifest().getMainAttributes().getValue("Main-Class"))
                    .isEqualTo(Start.class.getName());
            assertThat(text(jar, "reference.conf")).contains("siglip {");
            assertThat(text(jar, "META-INF/services/org.nd4j.linalg.compression.NDArrayCompressor"))
                    .as("services of two libraries in one file")
                    .contains("CpuThreshold", "org.nd4j.compression.impl.NoOp");
            assertThat(text(jar, "META-INF/services/org.nd4j.linalg.factory.Nd4jBackend"))
                    .contains("CpuBackend");
            assertThat(text(jar, "META-INF/LICENSE.txt")).contains("Apache License");
            assertThat(text(jar, "META-INF/THIRD-PARTY.md"))
                    .contains(
                            "OpenBLAS", "JSVG", "GCC Runtime Library Exception", "TwelveMonkeys", "metadata-extractor");
            assertThat(text(jar, "META-INF/NOTICE")).contains("Jackson");
        }
        assertThat(names).noneMatch(name -> name.matches("META-INF/[^/]+\\.(SF|DSA|RSA)"));
        assertThat(names)
                .as("decoders that ImageIO would find for everybody on an executor")
                .noneMatch(name -> name.startsWith("META-INF/services/javax.imageio"));
    }

    /** No class loader but that of the jar knows the decoders, and no thread has it for its own. */
    @ParameterizedTest
    @ValueSource(
            strings = {"rgb.png", "rgb.jpg", "cmyk.jpg", "rgb.gif", "rgb.bmp", "jpeg.tif", "lossy.webp", "turned-6.webp"
            })
    void itDecodesPicturesByItself(String name) throws Exception {
        byte[] picture = Files.readAllBytes(Path.of("src", "test", "resources", "pictures", name));
        URL[] jar = {JAR.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(jar, ClassLoader.getPlatformClassLoader())) {
            Object decoded = loader.loadClass("siglip.job.pictures.Pictures")
                    .getMethod("decode", byte[].class, int.class, long.class)
                    .invoke(null, picture, 8, 1 << 20);
            assertThat(decoded.getClass().getSimpleName()).as("%s", decoded).isEqualTo("Pixels");
        }
    }

    private static String text(JarFile jar, String name) throws IOException {
        ZipEntry entry = jar.getEntry(name);
        assertThat(entry).as(name).isNotNull();
        return new String(jar.getInputStream(entry).readAllBytes(), StandardCharsets.UTF_8);
    }

    private static Set<String> entries(Path path) throws IOException {
        try (JarFile jar = new JarFile(path.toFile())) {
            Set<String> found = new HashSet<>();
            jar.stream().map(ZipEntry::getName).forEach(found::add);
            return found;
        }
    }
}
