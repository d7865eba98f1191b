package siglip.job.features;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Hashes a caption to buckets: in lower case, each word and the trigrams of {@code #word#}, by FNV-1a of 32 bits over UTF-8, lowest bits.
 * A word is a run of letters, digits and underscores. Repeats stay in, and the order is that of the text, so the tokens of
 * {@code a + ", " + b} are those of {@code a} followed by those of {@code b}.
 *
 * @param buckets a power of two
 */
public record HashedWords(int buckets) implements CaptionFeatures {
    static final String NAME = "hashed-words";

    private static final Pattern WORD = Pattern.compile("[\\p{L}\\p{N}_]+");

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int[] of(String text) {
        IntStream.Builder ids = IntStream.builder();
        for (Matcher words = WORD.matcher(text.toLowerCase(Locale.ROOT)); words.find(); ) {
            String word = words.group();
            ids.add(bucket(word));
            String marked = "#" + word + "#";
            for (int i = 0; i + 3 <= marked.length(); i++) {
                ids.add(bucket(marked.substring(i, i + 3)));
            }
        }
        return ids.build().toArray();
    }

    private int bucket(String text) {
        int hash = 0x811c9dc5;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 255)) * 0x01000193;
        }
        return hash & (buckets - 1);
    }
}
