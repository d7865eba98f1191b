package siglip.job.data.prepare;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.weisj.jsvg.SVGDocument;
import com.github.weisj.jsvg.parser.DocumentLimits;
import com.github.weisj.jsvg.parser.LoaderContext;
import com.github.weisj.jsvg.parser.SVGLoader;
import com.github.weisj.jsvg.view.ViewBox;
import java.awt.Color;
import java.awt.Component;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import javax.imageio.ImageIO;
import siglip.job.formats.DataException;

/** Turns an icon of an Iconify set into pixels: SVG on white, in pure Java. */
final class Drawing {
    /** JSVG's own limit of 2,000 elements stops some flags, which have up to 2,700. */
    private static final LoaderContext CONTEXT = LoaderContext.builder()
            .documentLimits(new DocumentLimits(
                    DocumentLimits.DEFAULT_MAX_NESTING_DEPTH, DocumentLimits.DEFAULT_MAX_USE_NESTING_DEPTH, 20_000))
            .build();

    private Drawing() {}

    /** The icon as an SVG document. */
    static String svg(JsonNode set, JsonNode icon) {
        String width = dimension(set, icon, "width", 16);
        String height = dimension(set, icon, "height", 16);
        String left = dimension(set, icon, "left", 0);
        String top = dimension(set, icon, "top", 0);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\""
                + " width=\"%s\" height=\"%s\" viewBox=\"%s %s %s %s\">"
                        .formatted(width, height, left, top, width, height)
                + icon.get("body").asText().replace("currentColor", "#000") + "</svg>";
    }

    /** Renders {@code px x px} pixels on white, keeping the aspect ratio, as PNG. */
    static byte[] png(String name, String svg, int px) {
        SVGDocument document =
                new SVGLoader().load(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)), null, CONTEXT);
        if (document == null) { // load logs and returns null where it fails
            throw new DataException("Cannot draw %s: not an SVG that JSVG can read".formatted(name));
        }
        BufferedImage image = new BufferedImage(px, px, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, px, px);
        document.render((Component) null, graphics, new ViewBox(0, 0, px, px));
        graphics.dispose();
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", png);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return png.toByteArray();
    }

    /** The icon's own value, else the set's, else Iconify's default. */
    private static String dimension(JsonNode set, JsonNode icon, String field, int otherwise) {
        JsonNode value = icon.has(field) ? icon.get(field) : set.get(field);
        return value == null ? Integer.toString(otherwise) : value.asText();
    }
}
