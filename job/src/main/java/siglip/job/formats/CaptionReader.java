package siglip.job.formats;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import siglip.job.features.CaptionFeatures;
import siglip.job.features.HtmlEntities;
import siglip.job.features.TextFolding;

/**
 * Turns the captions of a column into tokens, or says why one cannot be used.
 *
 * @param features makes the tokens
 * @param htmlEntities whether character references of HTML are decoded, such as that of an ampersand
 * @param standIns texts that stand for a missing caption, such as {@code null}, {@code nan}, {@code N/A}; a caption that equals one of them, in
 *     whatever case, is invalid
 */
record CaptionReader(CaptionFeatures features, boolean htmlEntities, Set<String> standIns) implements Serializable {
    CaptionReader {
        standIns = standIns.stream().map(CaptionReader::folded).collect(Collectors.toUnmodifiableSet());
    }

    CaptionReader(CaptionFeatures features, boolean htmlEntities, Collection<String> standIns) {
        this(features, htmlEntities, Set.copyOf(standIns));
    }

    /** Finds a caption of which nothing is left, or that stands for a missing one; cheap beside the decoding of a picture. */
    void check(byte[] utf8) throws InvalidRow {
        String folded = folded(text(utf8));
        if (folded.isEmpty()) {
            throw new InvalidRow("empty caption");
        }
        if (standIns.contains(folded)) {
            throw new InvalidRow("caption stands for a missing one: " + folded);
        }
    }

    /** The tokens of a caption that was checked, at least one. */
    int[] read(byte[] utf8) throws InvalidRow {
        int[] ids = features.of(text(utf8));
        if (ids.length == 0) {
            throw new InvalidRow("caption without a word");
        }
        return ids;
    }

    /** The tokens of keywords; none if they hold no word. */
    int[] readKeywords(List<byte[]> utf8) throws InvalidRow {
        StringJoiner joined = new StringJoiner(", ");
        for (byte[] keyword : utf8) {
            joined.add(text(keyword));
        }
        return features.of(joined.toString());
    }

    private static String folded(String text) {
        return TextFolding.fold(text).strip();
    }

    /** Strictly: {@code new String} would put replacement characters where the bytes are wrong. */
    private String text(byte[] utf8) throws InvalidRow {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
            return htmlEntities ? HtmlEntities.decode(text) : text;
        } catch (CharacterCodingException e) {
            throw new InvalidRow("text is not valid UTF-8");
        }
    }
}
