package siglip.job.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CandidateBlocksTest {
    private static final long SEED = Long.getLong("test.seed", 1);

    private final Random random = new Random(SEED);

    /** A sum of n float products is off by at most n u / (1 - n u) times the sum of their absolute values, u = 2^-24. */
    @Test
    void similaritiesAreDotProducts() {
        for (int width : new int[] {1, 3, 4, 5, 128}) {
            int count = 1025;
            float[] candidates = random(count * width);
            float[] queries = random(3 * width);
            float[][] similarity = new float[2][count];

            CandidateBlocks.of(new EmbeddedSide(candidates, new int[count], width))
                    .similarities(queries, 1, 2, similarity);

            double gamma = width * 0x1p-24 / (1 - width * 0x1p-24);
            for (int q = 0; q < 2; q++) {
                for (int j = 0; j < count; j++) {
                    double sum = 0;
                    double absolute = 0;
                    for (int k = 0; k < width; k++) {
                        double term = (double) queries[(q + 1) * width + k] * candidates[j * width + k];
                        sum += term;
                        absolute += Math.abs(term);
                    }
                    assertThat((double) similarity[q][j]).isCloseTo(sum, within(gamma * absolute));
                }
            }
        }
    }

    @Test
    void equalCandidatesGiveEqualBitsWhereverTheyLie() {
        int width = 131;
        int count = 1203;
        float[] row = random(width);
        float[] candidates = new float[count * width];
        for (int j = 0; j < count; j++) {
            System.arraycopy(row, 0, candidates, j * width, width);
        }
        float[][] similarity = new float[1][count];

        CandidateBlocks.of(new EmbeddedSide(candidates, new int[count], width))
                .similarities(random(width), 0, 1, similarity);

        assertThat(similarity[0]).containsOnly(similarity[0][0]);
    }

    private float[] random(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
