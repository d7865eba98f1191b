package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HashedWordsTest {
    private static final HashedWords WORDS = new HashedWords(16384);

    @Test
    void wordsAndTheirTrigramsAreHashedInOrder() {
        assertThat(WORDS.of("Red heart")).containsExactly(220, 6815, 220, 1853, 9699, 8561, 11125, 7091, 6538, 2480);
    }

    @Test
    void lettersOutsideAsciiAreHashedAsUtf8() {
        assertThat(WORDS.of("pi\u00f1ata")).containsExactly(1942, 12541, 8150, 11015, 11636, 15819, 5279);
    }

    @Test
    void aTextWithoutAWordHasNoTokens() {
        assertThat(WORDS.of("  -- !?")).isEmpty();
    }

    @Test
    void tokensOfDescriptionAndKeywordsAreThoseOfTheOneAndThenOfTheOther() {
        int[] both = WORDS.of("Red heart, love, emotion");

        assertThat(both)
                .containsExactly(
                        IntStream.concat(IntStream.of(WORDS.of("Red heart")), IntStream.of(WORDS.of("love, emotion")))
                                .toArray());
    }

    @Test
    void fewerBucketsKeepTheLowestBits() {
        int[] many = WORDS.of("grinning face");

        assertThat(new HashedWords(256).of("grinning face"))
                .containsExactly(IntStream.of(many).map(token -> token & 255).toArray());
    }
}
