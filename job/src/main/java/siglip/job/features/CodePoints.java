package siglip.job.features;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;

/** The sets of characters that decide how a text becomes words, each as ranges {@code FIRST-LAST} of code points. */
final class CodePoints {
    /** What Unicode 13.0 assigns. Java's data agree on these characters from version 17 on; a test compares. */
    private static final BitSet KNOWN = set(read("unicode-13.0.txt"));

    /** Default_Ignorable_Code_Point of Unicode 13.0: soft hyphen, zero-width spaces and joiners, variation selectors, marks of direction. */
    private static final BitSet IGNORED = set(List.of(
            "00AD-00AD",
            "034F-034F",
            "061C-061C",
            "115F-1160",
            "17B4-17B5",
            "180B-180E",
            "200B-200F",
            "202A-202E",
            "2060-206F",
            "3164-3164",
            "FE00-FE0F",
            "FEFF-FEFF",
            "FFA0-FFA0",
            "FFF0-FFF8",
            "1BCA0-1BCA3",
            "1D173-1D17A",
            "E0000-E0FFF"));

    /** Blocks of scripts that put no space between words: Thai to the Tai scripts, then those of East Asia but Hangul. */
    private static final BitSet UNSPACED = set(List.of(
            "0E00-0EFF",
            "1000-109F",
            "1780-17FF",
            "1950-19DF",
            "1A20-1AAF",
            "A9E0-A9FF",
            "AA60-AADF",
            "11700-1173F",
            "3000-312F",
            "31A0-31FF",
            "3400-9FFF",
            "A000-A4CF",
            "F900-FAFF",
            "16FE0-1B2FF",
            "20000-3FFFF"));

    private CodePoints() {}

    static boolean isKnown(int codePoint) {
        return KNOWN.get(codePoint);
    }

    static boolean isIgnored(int codePoint) {
        return IGNORED.get(codePoint);
    }

    static boolean isUnspaced(int codePoint) {
        return UNSPACED.get(codePoint);
    }

    /** Whether a word can begin with it: a letter, a number or the underscore. */
    static boolean isLetterOrNumber(int codePoint) {
        return Character.isLetter(codePoint) || isNumber(codePoint) || codePoint == '_';
    }

    private static boolean isNumber(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER -> true;
            default -> false;
        };
    }

    static boolean isMark(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true;
            default -> false;
        };
    }

    private static BitSet set(List<String> ranges) {
        BitSet set = new BitSet();
        for (String range : ranges) {
            int dash = range.indexOf('-');
            set.set(Integer.parseInt(range, 0, dash, 16), Integer.parseInt(range, dash + 1, range.length(), 16) + 1);
        }
        return set;
    }

    private static List<String> read(String name) {
        try (InputStream in = CodePoints.class.getResourceAsStream(name);
                BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
            return lines.lines().filter(line -> !line.startsWith("#")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read the resource " + name, e);
        }
    }
}
