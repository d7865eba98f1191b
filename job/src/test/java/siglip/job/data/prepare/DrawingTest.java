package siglip.job.data.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import siglip.job.formats.DataException;

class DrawingTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void anIconIsDrawnOnWhiteInItsOwnColoursAndInBlackWhereItHasNone() throws IOException {
        JsonNode set = JSON.readTree("{\"width\": 8, \"height\": 4}");
        JsonNode icon = JSON.readTree(
                """
                {"height": 8, "body": "<path fill=\\"#f00\\" d=\\"M0 0h4v4H0z\\"/><path fill=\\"currentColor\\" d=\\"M4 4h4v4H4z\\"/>"}
                """);

        BufferedImage image = draw(Drawing.svg(set, icon));

        assertThat(image.getRGB(7, 7)).isEqualTo(0xffff0000);
        assertThat(image.getRGB(24, 7)).isEqualTo(0xffffffff);
        assertThat(image.getRGB(24, 24)).isEqualTo(0xff000000);
    }

    @Test
    void drawingsOfThousandsOfElementsAreDrawn() throws IOException {
        String squares = "<path d=\"M0 0h16v16H0z\"/>".repeat(3000);
        JsonNode icon = JSON.createObjectNode().put("body", squares);

        assertThat(draw(Drawing.svg(JSON.createObjectNode(), icon)).getRGB(16, 16))
                .isEqualTo(0xff000000);
    }

    @Test
    void whatIsNoDrawingIsNamed() {
        assertThatThrownBy(() -> Drawing.png("noto/x", "<svg", 32))
                .isInstanceOf(DataException.class)
                .hasMessage("Cannot draw noto/x: not an SVG that JSVG can read");
    }

    private static BufferedImage draw(String svg) throws IOException {
        return ImageIO.read(new ByteArrayInputStream(Drawing.png("test", svg, EmojiPairs.PX)));
    }
}
