package siglip.job.features;

import java.nio.charset.Charset;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.text.translate.EntityArrays;

/**
 * Decodes the character references of HTML: an ampersand, then a name, {@code #233} or {@code #xE9}, then a semicolon. The names are the 252 of
 * HTML 4 and {@code apos}. Anything else stays as it is.
 *
 * @see <a href="https://html.spec.whatwg.org/multipage/parsing.html#numeric-character-reference-end-state">HTML</a>, where numbers that name
 *     no character become U+FFFD, and 128 to 159 are bytes of windows-1252
 */
public final class HtmlEntities {
    private static final Pattern REFERENCE =
            Pattern.compile("&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|[A-Za-z][A-Za-z0-9]*);");
    private static final Charset WINDOWS = Charset.forName("windows-1252");
    private static final int NO_CHARACTER = 0xFFFD;
    private static final Map<String, String> NAMED = named();

    private HtmlEntities() {}

    /** The text with each reference decoded once: what comes out is not decoded again. */
    public static String decode(String text) {
        return text.indexOf('&') < 0
                ? text
                : REFERENCE.matcher(text).replaceAll(found -> Matcher.quoteReplacement(decode(found)));
    }

    private static String decode(MatchResult reference) {
        if (reference.group(1) != null) {
            return character(Integer.parseInt(reference.group(1)));
        }
        if (reference.group(2) != null) {
            return character(Integer.parseInt(reference.group(2), 16));
        }
        return NAMED.getOrDefault(reference.group(), reference.group());
    }

    private static String character(int number) {
        if (number >= 0x80 && number < 0xA0) {
            return new String(new byte[] {(byte) number}, WINDOWS);
        }
        boolean none = number == 0
                || number > Character.MAX_CODE_POINT
                || (number >= Character.MIN_SURROGATE && number <= Character.MAX_SURROGATE);
        return Character.toString(none ? NO_CHARACTER : number);
    }

    private static Map<String, String> named() {
        Map<String, String> named = new HashMap<>();
        Stream.of(
                        EntityArrays.BASIC_UNESCAPE,
                        EntityArrays.ISO8859_1_UNESCAPE,
                        EntityArrays.HTML40_EXTENDED_UNESCAPE,
                        EntityArrays.APOS_UNESCAPE)
                .forEach(map -> map.forEach((name, character) -> named.put(name.toString(), character.toString())));
        return named;
    }
}
