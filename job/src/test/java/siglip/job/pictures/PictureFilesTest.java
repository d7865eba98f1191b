package siglip.job.pictures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pictures of every kind, which Pillow wrote and showed: {@code make.py} beside them says how. */
class PictureFilesTest {
    private static final Path FOLDER = Path.of("src", "test", "resources", "pictures");
    private static final int PX = 8;
    private static final long SEED = Long.getLong("test.seed", 1);

    private record Case(String name, int tolerance, String size, int[] colours) {
        static Case of(String line) {
            String[] words = line.split(" ", -1);
            int[] colours = Arrays.stream(words, 3, words.length)
                    .mapToInt(hex -> Integer.parseInt(hex, 16))
                    .toArray();
            return new Case(words[0], Integer.parseInt(words[1]), words[2], colours);
        }

        byte[] file() {
            try {
                return Files.readAllBytes(FOLDER.resolve(name));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        int[] pixels(byte[] file) {
            return PicturesTest.pixels(file, PX);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() throws IOException {
        return Files.readAllLines(FOLDER.resolve("expected.txt")).stream()
                .filter(line -> !line.startsWith("#"))
                .map(Case::of);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void itShowsWhatPillowShows(Case picture) {
        int[] pixels = picture.pixels(picture.file());

        assertThat(deviation(pixels, picture.colours)).isLessThanOrEqualTo(picture.tolerance);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void itsSizeIsThatOfThePictureAsShown(Case picture) {
        Inspected inspected = Pictures.inspect(picture.file());

        assertThat(inspected).isInstanceOf(Inspected.Size.class);
        Inspected.Size size = (Inspected.Size) inspected;
        assertThat(size.width() + "x" + size.height()).isEqualTo(picture.size);
        String ending = picture.name.substring(picture.name.lastIndexOf('.') + 1);
        assertThat(size.format().name().replace("JPEG", "JPG").replace("TIFF", "TIF"))
                .isEqualToIgnoringCase(ending);
    }

    @Test
    void everyTurnOfThePictureLooksDifferent() throws IOException {
        Set<String> looks = new TreeSet<>();
        Case upright = cases().filter(picture -> picture.name.equals("turned-1.png"))
                .findFirst()
                .orElseThrow();
        int[] pixels = upright.pixels(upright.file());
        for (int orientation = 1; orientation <= 8; orientation++) {
            looks.add(Arrays.toString(Square.upright(pixels, PX, orientation)));
        }
        assertThat(looks).as("a wrong turn cannot pass for the right one").hasSize(8);
    }

    /** Only the marks that say that nothing follows may be missing. */
    @ParameterizedTest
    @MethodSource("cases")
    void cutOffAnywhereItIsRejected(Case picture) {
        byte[] file = picture.file();
        int spare = picture.name.endsWith(".gif") ? 1 : picture.name.equals("rle.bmp") ? 4 : 0;
        int whole = picture.name.equals("animated.gif") ? firstFrameBytes(file) : file.length - spare;
        for (int px : new int[] {PX, 1}) { // for one pixel, two of three columns are left out
            List<Integer> accepted = new ArrayList<>();
            for (int bytes = 0; bytes < whole; bytes += bytes > whole - 4 ? 1 : 1 + file.length / 200) {
                Decoded decoded = Pictures.decode(Arrays.copyOf(file, bytes), px, 1 << 20);
                if (!(decoded instanceof Rejected)) {
                    accepted.add(bytes);
                } else if (bytes > 60) {
                    assertThat(((Rejected) decoded).fault())
                            .as("%d bytes", bytes)
                            .isIn(Fault.TRUNCATED, Fault.DAMAGED);
                }
            }
            assertThat(accepted).as("for %d pixels", px).isEmpty();
        }
    }

    /**
     * Lossy WebP and JPEG inside TIFF are made of blocks, in each of which their decoders count anew; of 16-bit TIFF every n-th row is the
     * last of n and not the first.
     */
    @ParameterizedTest
    @MethodSource("cases")
    void pixelsThatAreLeftOutChangeNoOthers(Case picture) throws IOException {
        assumeFalse(picture.name.matches("lossy.*|jpeg.tif|grey-16.tif"));
        boolean bmp = picture.name.endsWith(".bmp");
        Bytes file = new Bytes(picture.file());
        Argb whole = PictureFile.open(file, Signature.of(file)).read(Step.ALL);
        Step step = new Step(5, 3);

        Argb part = PictureFile.open(file, Signature.of(file)).read(step);

        assertThat(part.width()).isEqualTo(bmp ? whole.width() / step.x() : Step.left(whole.width(), step.x()));
        assertThat(part.height()).isEqualTo(Step.left(whole.height(), step.y()));
        for (int y = 0; y < part.height(); y++) {
            for (int x = 0; x < part.width(); x++) {
                assertThat(part.pixels()[y * part.width() + x])
                        .as("column %d, row %d", x, y)
                        .isEqualTo(whole.pixels()[y * step.y() * whole.width() + x * step.x()]);
            }
        }
    }

    /** The second half belongs to a frame that is never shown. */
    private static int firstFrameBytes(byte[] animation) {
        return animation.length / 2 - 4;
    }

    @Test
    void damageIsRejectedOrDecodedButNeverThrown() throws IOException {
        SplittableRandom random = new SplittableRandom(SEED);
        List<Case> all = cases().toList();
        for (int i = 0; i < 1500; i++) {
            Case picture = all.get(random.nextInt(all.size()));
            byte[] file = picture.file();
            for (int k = 0; k < 3; k++) {
                file[random.nextInt(k == 0 ? Math.min(file.length, 200) : file.length)] = (byte) random.nextInt(256);
            }
            assertThat(Pictures.decode(file, PX, 1 << 20))
                    .as("%s, test.seed %d, round %d", picture, SEED, i)
                    .isNotNull();
            assertThat(Pictures.inspect(file)).isNotNull();
        }
    }

    @Test
    void aChangedByteInTheDataOfAPngIsFound() throws IOException {
        byte[] file = Files.readAllBytes(FOLDER.resolve("rgb.png"));
        file[file.length - 24] ^= 1;

        Rejected rejected = PicturesTest.rejected(Pictures.decode(file, PX, 1 << 20));

        assertThat(rejected.fault()).isEqualTo(Fault.DAMAGED);
        assertThat(rejected.detail()).isEqualTo("the picture is damaged: the checksum of its IDAT chunk is wrong");
    }

    private static int deviation(int[] actual, int[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        int most = 0;
        for (int i = 0; i < actual.length; i++) {
            for (int shift = 0; shift < 24; shift += 8) {
                most = Math.max(most, Math.abs((actual[i] >> shift & 255) - (expected[i] >> shift & 255)));
            }
        }
        return most;
    }
}
