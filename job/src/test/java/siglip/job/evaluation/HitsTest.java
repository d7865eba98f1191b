package siglip.job.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import siglip.job.files.Unit;

class HitsTest {
    /** Products of up to ten quotients, each rounded to 2^-53. */
    private static final double ROUNDING = 20 * 0x1p-53;

    @Test
    void aCollapsedModelScoresKOverN() {
        for (int n : new int[] {1, 7, 10, 1225}) {
            Hits hits = new Hits();
            float[] similarity = new float[n];
            Arrays.fill(similarity, 0.25f);
            for (int q = 0; q < n; q++) {
                hits.add(similarity, q);
            }

            RetrievalScore score = hits.score();

            assertThat(score.queries()).isEqualTo(n);
            assertThat(score.get(RetrievalMetric.R1)).isCloseTo(1.0 / n, within(ROUNDING));
            assertThat(score.get(RetrievalMetric.R5)).isCloseTo(Math.min(1, 5.0 / n), within(ROUNDING));
            assertThat(score.get(RetrievalMetric.R10)).isCloseTo(Math.min(1, 10.0 / n), within(ROUNDING));
        }
    }

    @Test
    void aScoreHoldsEveryMetricUnderItsName() throws IOException {
        RetrievalScore score = score(new float[] {0.9f, 0.8f, 0.8f, 0.7f}, new int[] {4, 5, 6, 7}, 7);
        ObjectMapper json = new ObjectMapper();

        assertThat(json.readTree(json.writeValueAsString(score)))
                .isEqualTo(
                        json.readTree(
                                "{\"queries\": 1, \"rights\": {\"1\": 1}, \"values\": {\"r1\": 0.0, \"r5\": 1.0, \"r10\": 1.0}}"));
        assertThat(json.readValue(json.writeValueAsString(score), RetrievalScore.class))
                .isEqualTo(score);
        assertThat(MetricFamily.all()).hasSize(1);
        assertThat(MetricFamily.all().get(0).label(" / ")).isEqualTo("R@1 / 5 / 10");
        assertThat(Unit.ascii(MetricFamily.all().get(0).format("/", score::get)))
                .isEqualTo("0.0/100.0/100.0 %");
    }

    /** Of 100 queries both arms answer 40, the second 5 more, the first 1 more: independent shares would have an error of 0.07. */
    @Test
    void theErrorOfADifferenceIsThatOfTheQueriesOnWhichArmsDiffer() {
        Hits first = new Hits();
        Hits second = new Hits();
        for (int query = 0; query < 100; query++) {
            first.add(query < 40 || query == 99 ? right() : wrong());
            second.add(query < 45 ? right() : wrong());
        }

        PairedDifference difference = PairedDifference.of("first", Direction.IMAGE_TO_TEXT, second, first);

        assertThat(difference.difference()).isCloseTo(0.04, within(1e-15));
        assertThat(difference.standardError()).isCloseTo(Math.sqrt((6 - 100 * 0.04 * 0.04) / 99 / 100), within(1e-15));
    }

    private static Hits.Query right() {
        return new Hits.Query(0, 0, 1, 1);
    }

    private static Hits.Query wrong() {
        return new Hits.Query(1, 0, 1, 1);
    }

    @Test
    void chanceIsTheMeanOverQueriesOfWhatARandomOrderFinds() {
        assertThat(RetrievalMetric.R5.chance(20, Map.of(1, 7))).isEqualTo(0.25);
        assertThat(RetrievalMetric.R5.chance(3, Map.of(1, 7))).isEqualTo(1);
        assertThat(RetrievalMetric.R1.chance(20, Map.of(5, 7))).isCloseTo(0.25, within(ROUNDING));
        assertThat(RetrievalMetric.R1.chance(20, Map.of(0, 1, 1, 2, 5, 1))).isCloseTo(0.35 / 4, within(ROUNDING));
        assertThat(RetrievalMetric.R5.chance(9, Map.of(3, 1)))
                .isCloseTo(1 - 6 * 5 * 4 * 3 * 2 / (9.0 * 8 * 7 * 6 * 5), within(ROUNDING));
        assertThat(RetrievalMetric.R5.chance(0, Map.of())).isNaN();
    }

    @Test
    void candidatesAreRightByAnyOfTheirConcepts() {
        ConceptIndex index = ConceptIndex.of(new int[][] {{3, 5}, {7}, {5}, {}});

        assertThat(index.right(5)).containsExactlyInAnyOrder(0, 2);
        assertThat(index.right(3, 7)).containsExactlyInAnyOrder(0, 1);
        assertThat(index.right(4)).isEmpty();
    }

    /** Every way to put 3 right ones among 9 places, counted. */
    @Test
    void severalRightOnesCountByTheShareOfOrdersThatFindOne() {
        int total = 9;
        int right = 3;
        for (int places = 0; places <= total + 1; places++) {
            int orders = 0;
            int found = 0;
            for (int set = 0; set < 1 << total; set++) {
                if (Integer.bitCount(set) == right) {
                    orders++;
                    found += (set & ((1 << places) - 1)) != 0 ? 1 : 0;
                }
            }
            assertThat(Hits.chance(places, total - right, right))
                    .as("%d places", places)
                    .isCloseTo((double) found / orders, within(ROUNDING));
        }
    }

    @Test
    void nearerOnesComeFirst() {
        int[] concepts = {4, 5, 6, 7, 8, 9};
        float[] similarity = {0.9f, 0.8f, 0.8f, 0.7f, 0.1f, -1};

        assertThat(score(similarity, concepts, 4)).isEqualTo(RetrievalScore.of(1, 1, 1, 1));
        assertThat(score(similarity, concepts, 5)).isEqualTo(RetrievalScore.of(1, 0, 1, 1));
        assertThat(score(similarity, concepts, 8)).isEqualTo(RetrievalScore.of(1, 0, 1, 1));
        assertThat(score(similarity, concepts, 9)).isEqualTo(RetrievalScore.of(1, 0, 0, 1));
    }

    @Test
    void theNearestOfSeveralRightOnesCounts() {
        assertThat(score(new float[] {0.1f, 0.5f, 0.9f}, new int[] {1, 2, 1}, 1).get(RetrievalMetric.R1))
                .isEqualTo(1);
        assertThat(score(new float[] {0.9f, 0.5f, 0.1f}, new int[] {1, 2, 1}, 1).get(RetrievalMetric.R1))
                .isEqualTo(1);
    }

    @Test
    void differencesOfRoundingAreTies() {
        assertThat(score(new float[] {0.5f, 0.5f + 2e-7f}, new int[] {1, 2}, 1).get(RetrievalMetric.R1))
                .isEqualTo(0.5);
        assertThat(score(new float[] {0.5f, 0.5f + 2e-6f}, new int[] {1, 2}, 1).get(RetrievalMetric.R1))
                .isZero();
    }

    @Test
    void notANumberIsNeverFoundAndNeverInTheWay() {
        float nan = Float.NaN;

        assertThat(score(new float[] {nan, nan, nan}, new int[] {1, 2, 3}, 1)).isEqualTo(RetrievalScore.of(1, 0, 0, 0));
        assertThat(score(new float[] {nan, 0.1f, 0.2f}, new int[] {1, 2, 3}, 1).get(RetrievalMetric.R10))
                .isZero();
        assertThat(score(new float[] {0.1f, nan, nan}, new int[] {1, 2, 3}, 1).get(RetrievalMetric.R1))
                .isEqualTo(1);
    }

    @Test
    void aConceptWithoutCandidatesIsNotFound() {
        assertThat(score(new float[] {0.1f, 0.2f}, new int[] {1, 2}, 3).values())
                .isEqualTo(RetrievalScore.of(1, 0, 0, 0).values());
    }

    private static RetrievalScore score(float[] similarity, int[] concepts, int right) {
        Hits hits = new Hits();
        hits.add(
                similarity,
                IntStream.range(0, concepts.length)
                        .filter(j -> concepts[j] == right)
                        .toArray());
        return hits.score();
    }
}
