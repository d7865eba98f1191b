package siglip.job.formats;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.features.HashedWords;
import siglip.job.features.Texts;

class CaptionReaderTest {
    private static final HashedWords WORDS = new HashedWords(16384);
    private static final CaptionReader READER = new CaptionReader(WORDS, true, List.of("null", "NaN", "N/A"));

    @Test
    void aCaptionHasTheTokensOfItsText() throws InvalidRow {
        assertThat(read(READER, "café au lait")).containsExactly(WORDS.of("café au lait"));
        assertThat(read(READER, "caf&eacute; au lait")).containsExactly(WORDS.of("café au lait"));
        assertThat(READER.read(bytes("x"), bytes("A", "&amp;b")).keywords()).containsExactly(WORDS.of("a, &b"));
    }

    @Test
    void entitiesStayWhereTheyAreNotAskedFor() throws InvalidRow {
        CaptionReader plain = new CaptionReader(WORDS, false, List.of());

        assertThat(read(plain, "caf&eacute;")).containsExactly(WORDS.of("caf eacute"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  \t\n", "&nbsp;", "\u200b\ufeff", "&shy;\u3000"})
    void aCaptionOfWhichNothingIsLeftIsEmpty(String caption) {
        assertInvalid(caption.getBytes(UTF_8), "empty caption");
    }

    @ParameterizedTest
    @ValueSource(strings = {"?!", "😀", "\u0301", "&#0;"})
    void aCaptionOfSignsHasNoWord(String caption) {
        assertInvalid(caption.getBytes(UTF_8), "caption without a word");
    }

    @Test
    void standInsAreInvalidOnRequestInWhateverForm() throws InvalidRow {
        assertInvalid(" NULL ".getBytes(UTF_8), "caption stands for a missing one: null");
        assertInvalid("ｎ/ａ".getBytes(UTF_8), "caption stands for a missing one: n/a");
        assertThat(read(READER, "nan bread")).isNotEmpty();
        assertThat(read(new CaptionReader(WORDS, true, List.of()), "null")).isNotEmpty();
    }

    @Test
    void bytesThatAreNotUtf8AreInvalidAndNotReplaced() throws InvalidRow {
        String reason = "text is not valid UTF-8";

        assertInvalid("café".getBytes(ISO_8859_1), reason);
        assertInvalid(new byte[] {'a', (byte) 0xed, (byte) 0xa0, (byte) 0x80}, reason); // a surrogate
        assertInvalid(new byte[] {'a', (byte) 0xc0, (byte) 0xaf}, reason); // too long a form
        assertInvalid(new byte[] {'a', (byte) 0xe0, (byte) 0xa4}, reason); // cut off
        assertThat(read(READER, "a\ufffdb😀")).isNotEmpty();
    }

    @Test
    void ofSeveralCaptionsThoseThatCannotBeUsedAreLeftOut() throws InvalidRow {
        Texts texts = read(bytes("", "a b", "?!", "NULL", "c"));

        assertThat(texts.captions()).containsExactly("a b".getBytes(UTF_8), "c".getBytes(UTF_8));
        assertThat(texts.tokens()).containsExactly(WORDS.of("a b"), WORDS.of("c"));
        assertThatThrownBy(() -> read(bytes("", "?!", "null"))).hasMessage("caption without a word");
        assertThatThrownBy(() -> read(bytes("null", ""))).hasMessage("caption stands for a missing one: null");
        assertThatThrownBy(() -> read(List.of())).hasMessage("empty caption");
        assertThatThrownBy(() -> read(List.of(bytes("a").get(0), "é".getBytes(ISO_8859_1))))
                .hasMessage("text is not valid UTF-8");
    }

    private static Texts read(List<byte[]> captions) throws InvalidRow {
        READER.check(captions);
        return READER.read(captions, List.of());
    }

    private static int[] read(CaptionReader reader, String caption) throws InvalidRow {
        return reader.read(bytes(caption), List.of()).tokens().get(0);
    }

    private static List<byte[]> bytes(String... texts) {
        return Stream.of(texts).map(text -> text.getBytes(UTF_8)).toList();
    }

    private static void assertInvalid(byte[] caption, String reason) {
        assertThatThrownBy(() -> read(List.of(caption)))
                .isInstanceOf(InvalidRow.class)
                .hasMessage(reason);
    }
}
