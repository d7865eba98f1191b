package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
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

    @Test
    void vowelSignsAndTonesTellWordsApart() {
        assertThat(WORDS.of("लड़की")).isNotEqualTo(WORDS.of("लड़का")); // girl, boy
        assertThat(WORDS.of("பால்")).isNotEqualTo(WORDS.of("பல்")); // milk, tooth
        assertThat(WORDS.of("পাখা")).isNotEqualTo(WORDS.of("পাখি")); // fan, bird
        assertThat(WORDS.of("ไก่")).isNotEqualTo(WORDS.of("ไก")); // chicken, trigger
    }

    @Test
    void aMarkWithoutALetterIsNoWord() {
        assertThat(WORDS.of("it\u00b4s")).containsExactly(WORDS.of("it s")); // NFKC: space and acute
    }

    @Test
    void trigramsAreThreeCodePointsEvenBeyondTheFirstPlane() {
        int[] tokens = WORDS.of("\ud801\udc28\ud801\udc29"); // two letters of Deseret

        assertThat(tokens).hasSize(3);
        assertThat(tokens[0]).isEqualTo(hash("\ud801\udc28\ud801\udc29"));
        assertThat(tokens[1]).isEqualTo(hash("#\ud801\udc28\ud801\udc29"));
        assertThat(tokens[2]).isEqualTo(hash("\ud801\udc28\ud801\udc29#"));
    }

    @Test
    void scriptsWithoutSpacesAreCutIntoCharactersAndPairsOfThem() {
        assertThat(WORDS.of("子供達")).containsExactly(hash("子"), hash("子供"), hash("供"), hash("供達"), hash("達"));
        assertThat(WORDS.of("เด็ก")).containsExactly(hash("เ"), hash("เด็"), hash("ด็"), hash("ด็ก"), hash("ก"));
        assertThat(WORDS.of("𠮷")).containsExactly(hash("𠮷"));
    }

    @Test
    void aRunEndsWhereTheKindOfScriptChanges() {
        assertThat(WORDS.of("2024年Tシャツ")).containsExactly(WORDS.of("2024 年 t シャツ"));
    }

    @Test
    void zeroWidthSpacesBetweenWordsOfThaiChangeNothing() {
        assertThat(WORDS.of("แมว\u200bสีดำ")).containsExactly(WORDS.of("แมวสีดำ"));
    }

    /** FNV-1a again, in 64 bits. */
    private static int hash(String text) {
        long hash = 2166136261L;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 255)) * 16777619L % (1L << 32);
        }
        return (int) (hash % WORDS.buckets());
    }
}
