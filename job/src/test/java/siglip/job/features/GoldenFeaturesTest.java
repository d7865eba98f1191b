package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.commons.text.translate.EntityArrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.job.pictures.Decoded;
import siglip.job.pictures.Pictures;

/** Features and tokens are those of the Python program that was written from {@code docs/features.md}; the file names it and its versions. */
class GoldenFeaturesTest {
    private static final JsonNode GOLDEN = read();

    /** Half a step of the file, and what float32 may lose in 64 gradients of a block. */
    private static final Offset<Double> TOLERANCE = Offset.offset(0.5 / 65535 + 64 * Math.ulp(1f));

    @ParameterizedTest
    @MethodSource("pictures")
    void picturesHaveTheFeaturesThatThePageGives(Picture picture) {
        GradientsAndColours gradients = new GradientsAndColours();
        Decoded decoded = Pictures.decode(picture.file(), gradients.px(), Long.MAX_VALUE);
        float[] features = gradients.of(((Decoded.Pixels) decoded).rgb());

        assertThat(picture.features()).hasSameSizeAs(features);
        for (int i = 0; i < features.length; i++) {
            assertThat((double) features[i]).as("feature %d", i).isCloseTo(picture.features()[i], TOLERANCE);
        }
    }

    @ParameterizedTest
    @MethodSource("captions")
    void captionsHaveTheTokensThatThePageGives(Caption caption) {
        assertThat(new HashedWords(GOLDEN.get("buckets").asInt()).of(HtmlEntities.decode(caption.text())))
                .containsExactly(caption.tokens());
    }

    /** Against Unicode's own folding, as Python has it. */
    @Test
    void everyCharacterOfUnicode13FoldsAsThePageSays() {
        Stream<String> lines = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> CodePoints.isKnown(c) && Character.getType(c) != Character.SURROGATE)
                .mapToObj(c -> "%X %s".formatted(c, TextFolding.fold(Character.toString(c))));

        assertThat(sha256(lines)).isEqualTo(GOLDEN.get("folding_sha256").asText());
    }

    @Test
    void entitiesHaveTheNamesOfHtml4() {
        TreeSet<String> names = Stream.of(
                        EntityArrays.BASIC_UNESCAPE,
                        EntityArrays.ISO8859_1_UNESCAPE,
                        EntityArrays.HTML40_EXTENDED_UNESCAPE,
                        EntityArrays.APOS_UNESCAPE)
                .flatMap(map -> map.keySet().stream())
                .map(entity -> entity.subSequence(1, entity.length() - 1).toString())
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(sha256(names.stream().map(name -> name + " " + HtmlEntities.decode("&" + name + ";"))))
                .isEqualTo(GOLDEN.get("entities_sha256").asText());
    }

    record Picture(String name, byte[] file, double[] features) {
        @Override
        public String toString() {
            return name;
        }
    }

    record Caption(String text, int[] tokens) {
        @Override
        public String toString() {
            return text;
        }
    }

    static Stream<Picture> pictures() {
        return stream(GOLDEN.get("pictures")).map(picture -> {
            ByteBuffer steps = ByteBuffer.wrap(
                            Base64.getDecoder().decode(picture.get("features").asText()))
                    .order(ByteOrder.LITTLE_ENDIAN);
            double[] features = IntStream.range(0, steps.capacity() / 2)
                    .mapToDouble(i -> (steps.getShort(2 * i) & 0xffff) / 65535.0)
                    .toArray();
            byte[] file = Base64.getDecoder().decode(picture.get("png").asText());
            return new Picture(picture.get("name").asText(), file, features);
        });
    }

    static Stream<Caption> captions() {
        return stream(GOLDEN.get("captions"))
                .map(caption -> new Caption(
                        caption.get("text").asText(),
                        stream(caption.get("tokens")).mapToInt(JsonNode::asInt).toArray()));
    }

    private static Stream<JsonNode> stream(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false);
    }

    private static String sha256(Stream<String> lines) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            lines.forEach(line -> digest.update((line + "\n").getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    private static JsonNode read() {
        try {
            return new ObjectMapper().readTree(GoldenFeaturesTest.class.getResource("/golden/features.json"));
        } catch (IOException e) {
            throw new AssertionError("the golden file cannot be read", e);
        }
    }
}
