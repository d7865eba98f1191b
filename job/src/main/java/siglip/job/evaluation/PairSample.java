package siglip.job.evaluation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import siglip.job.batches.PackedPairs;
import siglip.job.data.TrainingSample;
import siglip.job.stability.PairFigure;
import siglip.job.stability.PairFigures;

/**
 * A few pairs, evenly spread, whose geometry is measured: few enough for the driver, since the time goes with their square, and as many of
 * each set as far as there are, since losses over other numbers of pairs do not compare.
 *
 * @param images their places among the embedded images
 * @param texts those of the first caption of each among the embedded captions
 * @param concepts of these captions
 */
record PairSample(int[] images, int[] texts, int[] concepts) {
    /** Pairs of a sample. */
    static final int MOST = 256;

    /**
     * Of a held-out set.
     *
     * @param image place of its first image
     * @param text place of its first caption
     */
    static PairSample of(HeldOutSet set, int image, int text) {
        Map<Integer, Integer> places = new HashMap<>();
        int[] texts = set.texts();
        for (int i = 0; i < texts.length; i++) {
            places.put(texts[i], i);
        }
        List<int[]> pairs = new ArrayList<>();
        for (int i = 0; i < set.images().length; i++) {
            int first = set.pairs().firstText(set.images()[i]);
            if (places.containsKey(first)) {
                pairs.add(new int[] {
                    image + i, text + places.get(first), set.pairs().conceptId(first)
                });
            }
        }
        return spread(pairs);
    }

    /** The same of training pairs, each row with all its captions. */
    static PairSample of(TrainingSample sample, int image, int text) {
        PackedPairs from = sample.pairs();
        List<int[]> pairs = new ArrayList<>();
        int at = text;
        for (int i = 0; i < sample.rows().length; i++) {
            int row = sample.rows()[i];
            pairs.add(new int[] {image + i, at, from.conceptId(from.firstText(row))});
            at += from.texts(row);
        }
        return spread(pairs);
    }

    private static PairSample spread(List<int[]> pairs) {
        int count = Math.min(MOST, pairs.size());
        int[][] chosen = IntStream.range(0, count)
                .mapToObj(i -> pairs.get((int) ((long) i * pairs.size() / count)))
                .toArray(int[][]::new);
        return new PairSample(column(chosen, 0), column(chosen, 1), column(chosen, 2));
    }

    private static int[] column(int[][] rows, int column) {
        return IntStream.range(0, rows.length).map(i -> rows[i][column]).toArray();
    }

    /** What an arm has made of them. */
    Map<PairFigure, Double> figures(EmbeddedSide allImages, EmbeddedSide allTexts, EvaluatedArm arm) {
        return PairFigures.of(
                rows(allImages, images), rows(allTexts, texts), concepts, arm.scale(), arm.bias(), arm.batch());
    }

    private static double[][] rows(EmbeddedSide all, int[] places) {
        double[][] rows = new double[places.length][all.width()];
        for (int i = 0; i < places.length; i++) {
            for (int k = 0; k < all.width(); k++) {
                rows[i][k] = all.rows()[places[i] * all.width() + k];
            }
        }
        return rows;
    }
}
