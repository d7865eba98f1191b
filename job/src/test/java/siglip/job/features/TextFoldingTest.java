package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextFoldingTest {
    @ParameterizedTest
    @CsvSource({
        "cre\u0300me, crème",
        "ＦＵＬＬ ｗｉｄｔｈ, full width",
        "ﬁne ﬂuﬀ, fine fluff",
        "ﾊﾝｶｸ, ハンカク",
        "STRASSE, straße",
        "STRAẞE, strasse",
        "ΣΊΣΥΦΟΣ, Σίσυφος",
        "Ⅷ, viii",
        "\u13a0\uab71, \uab70\u13a1",
        "𐐀, 𐐨",
        "ᾳ, αι",
        "\u1112\u1161\u11ab, 한"
    })
    void oneWordInTwoFormsIsTheSame(String one, String other) {
        assertThat(TextFolding.fold(one)).isEqualTo(TextFolding.fold(other));
    }

    @ParameterizedTest
    @CsvSource({"é, e", "लड़की, लड़का", "ไก่, ไก", "ı, i", "か, が", "шаль, шал"})
    void differentWordsStayDifferent(String one, String other) {
        assertThat(TextFolding.fold(one)).isNotEqualTo(TextFolding.fold(other));
    }

    @Test
    void whatDoesNotShowIsDropped() {
        assertThat(TextFolding.fold("\ufeffco\u00adop\u200b\u200c\u200d\u2060er\ufe0fate\u200f"))
                .isEqualTo("cooperate");
    }

    @Test
    void charactersThatUnicode13DoesNotAssignSeparateWords() {
        assertThat(TextFolding.fold("a\u0870b"))
                .as("an Arabic letter of Unicode 14")
                .isEqualTo("a b");
        assertThat(TextFolding.fold("a\ud833\udcd6b"))
                .as("an outlined A of Unicode 16, whose NFKC is A")
                .isEqualTo("a b");
        assertThat(TextFolding.fold("Lego\u2122 x\u2120y"))
                .as("trade mark, service mark")
                .isEqualTo("lego  x y");
    }

    @Test
    void foldingTwiceChangesNothing() {
        assertThat(IntStream.rangeClosed(0, Character.MAX_CODE_POINT).filter(CodePoints::isKnown))
                .allMatch(c -> {
                    String once = TextFolding.fold(Character.toString(c));
                    return TextFolding.fold(once).equals(once);
                });
    }
}
