package siglip.job.evaluation;

import java.nio.Buffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import siglip.job.batches.PackedPairs;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.Place;
import siglip.job.features.TokenBags;

/**
 * A held-out set as evaluation sees it: its distinct images and its distinct captions. RowFeatures of one concept with the same features, or the same words, are
 * one candidate and one query; what looks alike but belongs to another concept stays, as a tie.
 */
final class HeldOutSet {
    private final HeldOut set;
    private final EvaluationRows rows;
    private final int[] images; // rows that stand for distinct images
    private final int[] texts; // rows that stand for distinct captions

    HeldOutSet(HeldOut set, EvaluationRows rows) {
        this.set = set;
        this.rows = rows;
        PackedPairs pairs = rows.pairs();
        images = distinct(pairs, row -> FloatBuffer.wrap(image(pairs, row)));
        texts = distinct(
                pairs, row -> pairs.shape().textIsTokens() ? tokens(pairs, row) : FloatBuffer.wrap(text(pairs, row)));
    }

    private record Key(int concept, Buffer content) {}

    /** The first row of each concept and content. */
    private static int[] distinct(PackedPairs pairs, IntFunction<Buffer> content) {
        Set<Key> known = new HashSet<>();
        return IntStream.range(0, pairs.rows())
                .filter(row -> known.add(new Key(pairs.conceptId(row), content.apply(row))))
                .toArray();
    }

    HeldOut set() {
        return set;
    }

    PackedPairs pairs() {
        return rows.pairs();
    }

    int[] images() {
        return images;
    }

    int[] texts() {
        return texts;
    }

    /** Where some of the rows lie. */
    List<Place> places(int[] of) {
        return IntStream.of(of).mapToObj(row -> rows.places().get(row)).toList();
    }

    /** Concepts of some of the rows. */
    int[] concepts(int[] of) {
        return IntStream.of(of).map(row -> rows.pairs().conceptId(row)).toArray();
    }

    /** Names of the class columns. */
    Set<String> classColumns() {
        return new TreeMap<>(rows.classes()).keySet();
    }

    /** Values of a class column in some of the rows. */
    List<String> classes(String column, int[] of) {
        List<String> values = rows.classes().get(column);
        return IntStream.of(of).mapToObj(values::get).toList();
    }

    static float[] image(PackedPairs pairs, int row) {
        float[] features = new float[pairs.shape().imageWidth()];
        pairs.image(row, features, 0);
        return features;
    }

    static float[] text(PackedPairs pairs, int row) {
        float[] features = new float[pairs.shape().textWidth()];
        pairs.text(row, features, 0);
        return features;
    }

    private static Buffer tokens(PackedPairs pairs, int row) {
        TokenBags bag = new TokenBags();
        pairs.addTokens(row, false, bag);
        return IntBuffer.wrap(Arrays.copyOfRange(bag.tokens(), bag.start(0), bag.end(0)));
    }
}
