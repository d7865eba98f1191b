package siglip.job.features;

import java.nio.charset.StandardCharsets;
import java.util.stream.IntStream;

/**
 * Hashes a caption to buckets, by FNV-1a of 32 bits over UTF-8, lowest bits. The text is folded first, so that case and form of its
 * characters do not matter. What is hashed depends on the script:
 *
 * <pre>{@code
 * scripts with spaces      each word, and the trigrams of #word#
 * scripts without spaces   each character with its marks, and each pair of neighbours in a run of them
 * }</pre>
 *
 * A word is a run of letters, marks, numbers and underscores that does not begin with a mark; characters are code points. Repeats stay in, and
 * the order is that of the text, so the tokens of {@code a + ", " + b} are those of {@code a} followed by those of {@code b}.
 * {@code docs/features.md} has every constant.
 *
 * @param buckets a power of two
 */
public record HashedWords(int buckets) implements CaptionFeatures {
    static final String NAME = "hashed-words";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int[] of(String text) {
        return ofCodePoints(TextFolding.fold(text).codePoints().toArray());
    }

    private int[] ofCodePoints(int[] text) {
        IntStream.Builder ids = IntStream.builder();
        for (int start = 0; start < text.length; ) {
            if (!CodePoints.isLetterOrNumber(text[start])) {
                start++;
                continue;
            }
            int end = endOfRun(text, start);
            if (CodePoints.isUnspaced(text[start])) {
                addCharacters(text, start, end, ids);
            } else {
                addWord(new String(text, start, end - start), ids);
            }
            start = end;
        }
        return ids.build().toArray();
    }

    /** Letters, numbers and their marks, as long as they are all of scripts with spaces or all of scripts without. */
    private static int endOfRun(int[] text, int start) {
        boolean unspaced = CodePoints.isUnspaced(text[start]);
        int end = start + 1;
        while (end < text.length
                && (CodePoints.isMark(text[end])
                        || (CodePoints.isLetterOrNumber(text[end]) && CodePoints.isUnspaced(text[end]) == unspaced))) {
            end++;
        }
        return end;
    }

    private void addWord(String word, IntStream.Builder ids) {
        ids.add(bucket(word));
        int[] marked = ("#" + word + "#").codePoints().toArray();
        for (int i = 0; i + 3 <= marked.length; i++) {
            ids.add(bucket(new String(marked, i, 3)));
        }
    }

    private void addCharacters(int[] text, int start, int end, IntStream.Builder ids) {
        for (int first = start; first < end; ) {
            int second = endOfCharacter(text, first, end);
            ids.add(bucket(new String(text, first, second - first)));
            if (second < end) {
                ids.add(bucket(new String(text, first, endOfCharacter(text, second, end) - first)));
            }
            first = second;
        }
    }

    private static int endOfCharacter(int[] text, int start, int endOfRun) {
        int end = start + 1;
        while (end < endOfRun && CodePoints.isMark(text[end])) {
            end++;
        }
        return end;
    }

    private int bucket(String text) {
        int hash = 0x811c9dc5;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 255)) * 0x01000193;
        }
        return hash & (buckets - 1);
    }
}
