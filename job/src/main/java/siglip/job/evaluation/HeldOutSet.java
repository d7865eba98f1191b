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
import siglip.job.evaluation.Gallery.Item;
import siglip.job.features.TokenBags;

/**
 * A held-out set as evaluation sees it: its distinct images and its distinct captions. Images of one concept with the same features, or captions
 * of one concept with the same words, are one candidate and one query; what looks alike but belongs to another concept stays, as a tie.
 */
final class HeldOutSet {
    private final HeldOut set;
    private final EvaluationRows rows;
    private final int[] images; // rows that stand for distinct images
    private final int[] texts; // texts that stand for distinct captions

    HeldOutSet(HeldOut set, EvaluationRows rows) {
        this.set = set;
        this.rows = rows;
        PackedPairs pairs = rows.pairs();
        images = distinct(
                pairs.rows(),
                row -> new Key(IntBuffer.wrap(concepts(pairs, row)), FloatBuffer.wrap(image(pairs, row))));
        texts = distinct(
                pairs.firstText(pairs.rows()),
                text -> new Key(
                        IntBuffer.wrap(new int[] {pairs.conceptId(text)}),
                        pairs.shape().textIsTokens() ? tokens(pairs, text) : FloatBuffer.wrap(text(pairs, text))));
    }

    private record Key(IntBuffer concepts, Buffer content) {}

    /** The first of each concept and content. */
    private static int[] distinct(int count, IntFunction<Key> key) {
        Set<Key> known = new HashSet<>();
        return IntStream.range(0, count).filter(i -> known.add(key.apply(i))).toArray();
    }

    /** The concepts of a row, each once: more than one where it has several captions and they stand for concepts. */
    static int[] concepts(PackedPairs pairs, int row) {
        return IntStream.range(pairs.firstText(row), pairs.firstText(row + 1))
                .map(pairs::conceptId)
                .distinct()
                .toArray();
    }

    HeldOut set() {
        return set;
    }

    PackedPairs pairs() {
        return rows.pairs();
    }

    /** Numbers of rows. */
    int[] images() {
        return images;
    }

    /** Numbers of texts. */
    int[] texts() {
        return texts;
    }

    /** The row of each of the images, with its first caption. */
    List<Item> imageItems() {
        return IntStream.of(images)
                .mapToObj(row -> new Item(rows.places().get(row), 0))
                .toList();
    }

    /** The row of each of the captions, and which of the row's it is. */
    List<Item> textItems() {
        PackedPairs pairs = rows.pairs();
        return IntStream.of(texts)
                .mapToObj(text -> {
                    int row = pairs.rowOf(text);
                    return new Item(rows.places().get(row), text - pairs.firstText(row));
                })
                .toList();
    }

    /** The row that each of the captions comes from. */
    int[] rowsOfTexts() {
        return IntStream.of(texts).map(rows.pairs()::rowOf).toArray();
    }

    /** Concepts of each of the images. */
    int[][] imageConcepts() {
        return IntStream.of(images).mapToObj(row -> concepts(rows.pairs(), row)).toArray(int[][]::new);
    }

    /** The concept of each of the captions. */
    int[][] textConcepts() {
        return IntStream.of(texts)
                .mapToObj(text -> new int[] {rows.pairs().conceptId(text)})
                .toArray(int[][]::new);
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

    static float[] text(PackedPairs pairs, int text) {
        float[] features = new float[pairs.shape().textWidth()];
        pairs.text(text, features, 0);
        return features;
    }

    private static Buffer tokens(PackedPairs pairs, int text) {
        TokenBags bag = new TokenBags();
        pairs.addTokens(text, false, bag);
        return IntBuffer.wrap(Arrays.copyOfRange(bag.tokens(), bag.start(0), bag.end(0)));
    }
}
