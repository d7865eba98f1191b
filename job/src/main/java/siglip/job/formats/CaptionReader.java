package siglip.job.formats;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import siglip.job.features.CaptionFeatures;
import siglip.job.features.HtmlEntities;
import siglip.job.features.TextFolding;
import siglip.job.features.Texts;

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

    /**
     * Finds rows all of whose captions have nothing in them or stand for missing ones, and captions that are not valid UTF-8; cheap beside the
     * decoding of a picture.
     */
    void check(List<byte[]> captions) throws InvalidRow {
        List<String> faults = new ArrayList<>();
        for (byte[] caption : captions) {
            faults.add(fault(text(caption)));
        }
        if (!faults.contains("")) {
            throw new InvalidRow(faults.isEmpty() ? "empty caption" : faults.get(0));
        }
    }

    /** What is wrong with a caption; empty if nothing is. */
    private String fault(String text) {
        String folded = folded(text);
        return folded.isEmpty()
                ? "empty caption"
                : standIns.contains(folded) ? "caption stands for a missing one: " + folded : "";
    }

    /** The captions of a row that was checked, at least one; those that are empty, stand for a missing one or have no word are left out. */
    Texts read(List<byte[]> captions, List<byte[]> keywords) throws InvalidRow {
        List<byte[]> usable = new ArrayList<>();
        List<int[]> tokens = new ArrayList<>();
        for (byte[] caption : captions) {
            String text = text(caption);
            int[] ids = features.of(text);
            if (fault(text).isEmpty() && ids.length > 0) {
                usable.add(caption);
                tokens.add(ids);
            }
        }
        if (usable.isEmpty()) {
            throw new InvalidRow("caption without a word");
        }
        return Texts.ofCaptions(usable, tokens, readKeywords(keywords));
    }

    /** The tokens of keywords; none if they hold no word. */
    private int[] readKeywords(List<byte[]> utf8) throws InvalidRow {
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
