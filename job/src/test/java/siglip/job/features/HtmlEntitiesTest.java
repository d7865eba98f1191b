package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HtmlEntitiesTest {
    @ParameterizedTest
    @CsvSource({
        "Tom &amp; Jerry, Tom & Jerry",
        "caf&eacute; CAF&Eacute;, café CAFÉ",
        "rock &#39;n&apos; roll, rock 'n' roll",
        "&#233;&#xE9;&#Xe9;, ééé",
        "&#128512;&#x1F600;, 😀😀",
        "&#154;koda &#146;, škoda ’",
        "&lt;b&gt;$1&copy;\\, <b>$1©\\"
    })
    void referencesBecomeTheirCharacters(String text, String expected) {
        assertThat(HtmlEntities.decode(text)).isEqualTo(expected);
    }

    @Test
    void referencesAreDecodedOnce() {
        assertThat(HtmlEntities.decode("&amp;eacute; &#38;amp;")).isEqualTo("&eacute; &amp;");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "AT&T",
                "this & that; those",
                "&bogus;",
                "&EACUTE;",
                "&eacute",
                "&#;",
                "&#x;",
                "&#xg;",
                "&;",
                "&#12345678;"
            })
    void whateverElseHasAnAmpersandStays(String text) {
        assertThat(HtmlEntities.decode(text)).isEqualTo(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"&#0;", "&#xD800;", "&#57343;", "&#x110000;", "&#9999999;", "&#xFFFFFF;", "&#129;"})
    void numbersOfNoCharacterBecomeTheReplacementCharacter(String text) {
        assertThat(HtmlEntities.decode(text)).isEqualTo("\ufffd");
    }
}
