package siglip.job.features;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.features.CaptionReader.Invalid;
import siglip.job.features.CaptionReader.Reading;
import siglip.job.features.CaptionReader.Tokens;

class CaptionReaderTest {
    private static final HashedWords WORDS = new HashedWords(16384);
    private static final CaptionReader READER = new CaptionReader(WORDS, true, Set.of("null", "NaN", "N/A"));

    @Test
    void aCaptionHasTheTokensOfItsText() {
        assertThat(ids(READER.read("café au lait".getBytes(UTF_8)))).containsExactly(WORDS.of("café au lait"));
        assertThat(ids(READER.read("caf&eacute; au lait"))).containsExactly(WORDS.of("café au lait"));
    }

    @Test
    void entitiesStayWhereTheyAreNotAskedFor() {
        CaptionReader plain = new CaptionReader(WORDS, false, Set.of());

        assertThat(ids(plain.read("caf&eacute;"))).containsExactly(WORDS.of("caf eacute"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  \t\n", "&nbsp;", "\u200b\ufeff", "&shy;\u3000"})
    void aCaptionOfWhichNothingIsLeftIsEmpty(String caption) {
        assertThat(READER.read(caption)).isEqualTo(new Invalid("empty caption"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"?!", "😀", "\u0301", "&#0;"})
    void aCaptionOfSignsHasNoWord(String caption) {
        assertThat(READER.read(caption)).isEqualTo(new Invalid("caption without a word"));
    }

    @Test
    void standInsAreInvalidOnRequestInWhateverForm() {
        assertThat(READER.read(" NULL ")).isEqualTo(new Invalid("caption stands for a missing one: null"));
        assertThat(READER.read("ｎ/ａ")).isEqualTo(new Invalid("caption stands for a missing one: n/a"));
        assertThat(READER.read("nan bread")).isInstanceOf(Tokens.class);
        assertThat(new CaptionReader(WORDS, true, Set.of()).read("null")).isInstanceOf(Tokens.class);
    }

    @Test
    void bytesThatAreNotUtf8AreInvalidAndNotReplaced() {
        Invalid expected = new Invalid("caption is not valid UTF-8");

        assertThat(READER.read("café".getBytes(ISO_8859_1))).isEqualTo(expected);
        assertThat(READER.read(new byte[] {'a', (byte) 0xed, (byte) 0xa0, (byte) 0x80}))
                .as("a surrogate")
                .isEqualTo(expected);
        assertThat(READER.read(new byte[] {'a', (byte) 0xc0, (byte) 0xaf}))
                .as("too long a form")
                .isEqualTo(expected);
        assertThat(READER.read(new byte[] {'a', (byte) 0xe0, (byte) 0xa4}))
                .as("cut off")
                .isEqualTo(expected);
        assertThat(CaptionReader.decode("a\ufffdb😀".getBytes(UTF_8))).contains("a\ufffdb😀");
    }

    private static int[] ids(Reading reading) {
        assertThat(reading).isInstanceOf(Tokens.class);
        return ((Tokens) reading).ids();
    }
}
