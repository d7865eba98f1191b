package siglip.job.evaluation;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Candidates of a search, turned so that neighbouring numbers belong to neighbouring candidates: block by block, feature by feature. A dot product
 * then adds feature after feature for many candidates at once, and for all of them in the same order: equal candidates give equal bits
 * wherever they lie, which a library's matrix product does not promise.
 */
final class CandidateBlocks implements Serializable {
    private static final int BLOCK = 512;

    private static final long serialVersionUID = 1L;

    private final float[][] blocks;
    private final int count;
    private final ConceptIndex index;
    private final int width;

    private CandidateBlocks(float[][] blocks, int count, ConceptIndex index, int width) {
        this.blocks = blocks;
        this.count = count;
        this.index = index;
        this.width = width;
    }

    static CandidateBlocks of(EmbeddedSide side) {
        int count = side.count();
        int width = side.width();
        float[][] blocks = new float[(count + BLOCK - 1) / BLOCK][];
        for (int b = 0; b < blocks.length; b++) {
            int size = Math.min(BLOCK, count - b * BLOCK);
            float[] block = new float[size * width];
            for (int j = 0; j < size; j++) {
                for (int k = 0; k < width; k++) {
                    block[k * size + j] = side.rows()[(b * BLOCK + j) * width + k];
                }
            }
            blocks[b] = block;
        }
        return new CandidateBlocks(blocks, count, ConceptIndex.of(side.concepts()), width);
    }

    int count() {
        return count;
    }

    /** The candidates that have one of these concepts. */
    int[] right(int... concepts) {
        return index.right(concepts);
    }

    /** {@code into[q][j]} = dot product of query {@code from + q} and candidate j, for each row of {@code into}. */
    void similarities(float[] queries, int from, int rows, float[][] into) {
        float[] sums = new float[BLOCK];
        for (int b = 0; b < blocks.length; b++) {
            float[] block = blocks[b];
            int size = block.length / width;
            for (int q = 0; q < rows; q++) {
                Arrays.fill(sums, 0, size, 0);
                int at = (from + q) * width;
                int k = 0;
                for (; k + 4 <= width; k += 4) {
                    add4(sums, block, k * size, size, queries, at + k);
                }
                for (; k < width; k++) {
                    add(sums, block, k * size, size, queries[at + k]);
                }
                System.arraycopy(sums, 0, into[q], b * BLOCK, size);
            }
        }
    }

    /** Four features in one pass over the sums, added one after the other as {@link #add} would. */
    private static void add4(float[] sums, float[] block, int offset, int size, float[] query, int at) {
        float q0 = query[at];
        float q1 = query[at + 1];
        float q2 = query[at + 2];
        float q3 = query[at + 3];
        int o1 = offset + size;
        int o2 = o1 + size;
        int o3 = o2 + size;
        for (int j = 0; j < size; j++) {
            sums[j] = sums[j] + q0 * block[offset + j] + q1 * block[o1 + j] + q2 * block[o2 + j] + q3 * block[o3 + j];
        }
    }

    private static void add(float[] sums, float[] block, int offset, int size, float q) {
        for (int j = 0; j < size; j++) {
            sums[j] = sums[j] + q * block[offset + j];
        }
    }
}
