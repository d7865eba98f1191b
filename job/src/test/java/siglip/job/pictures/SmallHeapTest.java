package siglip.job.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large pictures in a heap that could not hold their pixels. */
class SmallHeapTest {
    private static final String HEAP = "-Xmx96m";

    @TempDir
    private Path folder;

    /** What runs in the small heap: decodes each file, whatever its size. */
    static final class Child {
        public static void main(String[] files) throws IOException {
            for (String file : files) {
                Decoded decoded = Pictures.decode(Files.readAllBytes(Path.of(file)), 32, Long.MAX_VALUE);
                System.out.println(
                        decoded instanceof Decoded.Pixels pixels
                                ? HexFormat.of().toHexDigits(pixels.rgb()[0], 6)
                                : decoded.toString());
            }
        }
    }

    @Test
    void picturesLargerThanTheHeapAreDecoded() throws Exception {
        BufferedImage large = new BufferedImage(9000, 9000, BufferedImage.TYPE_BYTE_GRAY);
        Arrays.fill(((java.awt.image.DataBufferByte) large.getRaster().getDataBuffer()).getData(), (byte) 200);
        Path jpeg = folder.resolve("large.jpg");
        assertThat(ImageIO.write(large, "jpeg", jpeg.toFile())).isTrue();
        Path bomb = folder.resolve("bomb.png");
        BufferedImage black = new BufferedImage(30_000, 30_000, BufferedImage.TYPE_BYTE_BINARY);
        assertThat(ImageIO.write(black, "png", bomb.toFile())).isTrue();

        assertThat(inSmallHeap(jpeg, bomb)).containsExactly("c8c8c8", "000000");
    }

    @Test
    void aWebpThatDoesNotFitIsRejectedWithWhatItNeeds() throws Exception {
        byte[] header =
                HexFormat.of().parseHex("524946461600000057454250" + "565038200a000000" + "00000000000000300030");
        Path webp = Files.write(folder.resolve("large.webp"), header);

        assertThat(inSmallHeap(webp)).singleElement().asString().contains("NEEDS_MEMORY", "12288 x 12288", "4608 MiB");
    }

    private List<String> inSmallHeap(Path... files) throws Exception {
        Path out = folder.resolve("out");
        List<String> command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                HEAP,
                "-Djava.awt.headless=true",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Child.class.getName()));
        for (Path file : files) {
            command.add(file.toString());
        }
        File log = folder.resolve("log").toFile();
        Process child = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(log)
                .start();
        assertThat(child.waitFor(5, TimeUnit.MINUTES)).isTrue();
        assertThat(child.exitValue())
                .as(Files.readString(log.toPath(), StandardCharsets.UTF_8))
                .isZero();
        return Files.readAllLines(out);
    }
}
