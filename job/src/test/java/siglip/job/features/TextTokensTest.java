package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextTokensTest {
    private static final int BUCKETS = 16384;

    @Test
    void wordsAndTheirTrigramsAreHashedInOrder() {
        assertThat(TextTokens.of("Red heart", BUCKETS))
                .containsExactly(220, 6815, 220, 1853, 9699, 8561, 11125, 7091, 6538, 2480);
    }

    @Test
    void lettersOutsideAsciiAreHashedAsUtf8() {
        assertThat(TextTokens.of("pi\u00f1ata", BUCKETS)).containsExactly(1942, 12541, 8150, 11015, 11636, 15819, 5279);
    }

    @Test
    void aTextWithoutAWordHasNoTokens() {
        assertThat(TextTokens.of("  -- !?", BUCKETS)).isEmpty();
    }

    @Test
    void tokensOfDescriptionAndKeywordsAreThoseOfTheOneAndThenOfTheOther() {
        int[] both = TextTokens.of("Red heart, love, emotion", BUCKETS);

        assertThat(both)
                .containsExactly(IntStream.concat(
                                IntStream.of(TextTokens.of("Red heart", BUCKETS)),
                                IntStream.of(TextTokens.of("love, emotion", BUCKETS)))
                        .toArray());
    }

    @Test
    void fewerBucketsKeepTheLowestBits() {
        int[] many = TextTokens.of("grinning face", BUCKETS);

        assertThat(TextTokens.of("grinning face", 256))
                .containsExactly(IntStream.of(many).map(token -> token & 255).toArray());
    }
}
