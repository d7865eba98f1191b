package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class MarkupTest {
    private static final String HOSTILE = "</b><script>alert(\"1\" & '2')</script>]]>";

    @Test
    void whateverTextIsWrittenIsReadBackAsItWas() {
        String page = new Markup()
                .open("p", "title", HOSTILE)
                .leaf("b", HOSTILE)
                .close()
                .toString();

        Element read = Xml.parse(page).getDocumentElement();

        assertThat(read.getAttribute("title")).isEqualTo(HOSTILE);
        assertThat(read.getTextContent()).isEqualTo(HOSTILE);
        assertThat(read.getElementsByTagName("script").getLength()).isZero();
    }

    @Test
    void charactersThatXmlCannotHoldBecomeTheReplacementCharacter() {
        String page = new Markup().leaf("p", "a\u0000b\u001bc\ud800d\uffffe 😀").toString();

        assertThat(Xml.parse(page).getDocumentElement().getTextContent()).isEqualTo("a\ufffdb\ufffdc\ufffdd\ufffde 😀");
    }

    @Test
    void anElementLeftOpenIsNamed() {
        Markup page = new Markup().open("main").open("p");

        assertThatThrownBy(page::toString).hasMessageContaining("main").hasMessageContaining("still open");
    }
}
