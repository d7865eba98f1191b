package siglip.job.features;

import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Locale;

/**
 * Brings texts that readers take for the same to the same characters: compatibility forms (NFKC), without case (full case folding), without
 * characters that do not show. It is the compatibility caseless form of Unicode, with the same result on every Java from 17 on.
 *
 * @see <a href="https://www.unicode.org/versions/Unicode13.0.0/ch03.pdf">Unicode 13.0</a>, section 3.13, D146
 */
public final class TextFolding {
    private static final int TRADE_MARK = 0x2122;
    private static final int SERVICE_MARK = 0x2120;
    private static final int DOTLESS_I = 0x131;

    private TextFolding() {}

    public static String fold(String text) {
        if (text.chars().allMatch(c -> c < 0x80)) {
            return text.toLowerCase(Locale.ROOT);
        }
        String folded = withoutCase(Normalizer.normalize(visible(text), Form.NFD));
        folded = withoutCase(Normalizer.normalize(folded, Form.NFKC));
        return Normalizer.normalize(folded, Form.NFKC);
    }

    /** Drops what does not show. Unknown characters separate words, and so do two signs that NFKC would make letters of the word before them. */
    private static String visible(String text) {
        StringBuilder visible = new StringBuilder(text.length());
        text.codePoints().filter(c -> !CodePoints.isIgnored(c)).forEach(c -> {
            boolean separates = !CodePoints.isKnown(c) || c == TRADE_MARK || c == SERVICE_MARK;
            visible.appendCodePoint(separates ? ' ' : c);
        });
        return visible.toString();
    }

    private static String withoutCase(String text) {
        StringBuilder folded = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == DOTLESS_I) {
                folded.appendCodePoint(c);
            } else if (Character.UnicodeScript.of(c) == Character.UnicodeScript.CHEROKEE) {
                folded.appendCodePoint(Character.toUpperCase(c)); // its capitals are older than its small letters
            } else {
                folded.append(Character.toString(c)
                        .toLowerCase(Locale.ROOT)
                        .toUpperCase(Locale.ROOT) // sharp s and ligatures become two letters here
                        .toLowerCase(Locale.ROOT));
            }
        });
        return folded.toString();
    }
}
