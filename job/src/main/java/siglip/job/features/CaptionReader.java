package siglip.job.features;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Turns captions into tokens, or says why one cannot be used.
 *
 * @param words makes the tokens
 * @param htmlEntities whether character references of HTML are decoded, such as that of an ampersand
 * @param standIns texts that stand for a missing caption, such as {@code null}, {@code nan}, {@code N/A}; a caption that equals one of them, in
 *     whatever case, is invalid
 */
public record CaptionReader(HashedWords words, boolean htmlEntities, Set<String> standIns) implements Serializable {
    /** What came of reading a caption: {@link Tokens}, or the reason why it is invalid. */
    public sealed interface Reading permits Tokens, Invalid {}

    /** The buckets of a caption, at least one. The array is shared. */
    public record Tokens(int[] ids) implements Reading {}

    /** Why a caption cannot be used. The reason names no value but a stand-in, so that equal reasons can be counted. */
    public record Invalid(String reason) implements Reading {}

    public CaptionReader {
        standIns = folded(standIns);
    }

    /** Reads a caption stored as UTF-8. */
    public Reading read(byte[] utf8) {
        Optional<String> text = decode(utf8);
        return text.isPresent() ? read(text.get()) : new Invalid("caption is not valid UTF-8");
    }

    public Reading read(String text) {
        String folded = TextFolding.fold(htmlEntities ? HtmlEntities.decode(text) : text)
                .strip();
        if (folded.isEmpty()) {
            return new Invalid("empty caption");
        }
        if (standIns.contains(folded)) {
            return new Invalid("caption stands for a missing one: " + folded);
        }
        int[] ids = words.ofFolded(folded);
        return ids.length == 0 ? new Invalid("caption without a word") : new Tokens(ids);
    }

    /** The text of bytes in UTF-8; empty if they are not valid, where {@code new String} would put replacement characters. */
    public static Optional<String> decode(byte[] utf8) {
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    private static Set<String> folded(Collection<String> texts) {
        return texts.stream().map(text -> TextFolding.fold(text).strip()).collect(Collectors.toUnmodifiableSet());
    }
}
