package siglip.job.towers;

import java.nio.FloatBuffer;
import java.util.Arrays;
import siglip.job.features.TokenBags;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.SparseRows;

/**
 * The hashed table under the text tower: a row of input is the sum of the table's rows of its tokens, repeats counted. Backward, each touched
 * table row gets the sum of the gradients of the rows of input it went into. An empty bag is a row of zeros.
 */
final class TokenSums {
    private final int tableRows;
    private final int width;
    private final float[] sum;
    private final float[] row;
    private final long[] touched; // bit set of table rows
    private final int[] slots; // table row -> position among the touched ones; valid where touched
    private int[] starts = new int[1]; // per touched row: where its input rows start in members
    private int[] members = new int[0];

    TokenSums(int tableRows, int width) {
        this.tableRows = tableRows;
        this.width = width;
        sum = new float[width];
        row = new float[width];
        touched = new long[(tableRows + 63) / 64];
        slots = new int[tableRows];
    }

    /** @param into at least bags.rows() x width; that many rows are overwritten */
    void forward(Matrix table, TokenBags bags, Matrix into) {
        FloatBuffer from = table.floats();
        FloatBuffer to = into.floats();
        int[] tokens = bags.tokens();
        for (int i = 0; i < bags.rows(); i++) {
            Arrays.fill(sum, 0);
            for (int k = bags.start(i); k < bags.end(i); k++) {
                from.get(check(tokens[k]) * width, row);
                add(sum, row);
            }
            to.put(i * width, sum);
        }
    }

    /** @param inputGradient bags.rows() x width */
    void backward(TokenBags bags, Matrix inputGradient, SparseRows gradient) {
        int count = group(bags, gradient);
        FloatBuffer from = inputGradient.floats();
        FloatBuffer to = gradient.values().floats();
        for (int slot = 0; slot < count; slot++) {
            Arrays.fill(sum, 0);
            for (int k = starts[slot]; k < starts[slot + 1]; k++) {
                from.get(members[k] * width, row);
                add(sum, row);
            }
            to.put(slot * width, sum);
        }
    }

    /** Lists the touched table rows in ascending order, and for each the input rows that use it, by counting. */
    private int group(TokenBags bags, SparseRows gradient) {
        int first = bags.rows() == 0 ? 0 : bags.start(0);
        int last = bags.rows() == 0 ? 0 : bags.end(bags.rows() - 1);
        int[] tokens = bags.tokens();
        Arrays.fill(touched, 0);
        for (int k = first; k < last; k++) {
            touched[tokens[k] >>> 6] |= 1L << tokens[k];
        }
        int count = 0;
        for (long word : touched) {
            count += Long.bitCount(word);
        }
        gradient.clear();
        gradient.ensureCapacity(count);
        if (starts.length < count + 2) {
            starts = new int[Math.max(count + 2, 2 * starts.length)];
        }
        if (members.length < last - first) {
            members = new int[Math.max(last - first, 2 * members.length)];
        }
        int[] ids = gradient.ids();
        int slot = 0;
        for (int w = 0; w < touched.length; w++) {
            for (long word = touched[w]; word != 0; word &= word - 1) {
                int id = (w << 6) + Long.numberOfTrailingZeros(word);
                ids[slot] = id;
                slots[id] = slot++;
            }
        }
        gradient.setCount(count);
        Arrays.fill(starts, 0, count + 2, 0);
        for (int k = first; k < last; k++) {
            starts[slots[tokens[k]] + 2]++;
        }
        for (int s = 2; s < count + 2; s++) {
            starts[s] += starts[s - 1];
        }
        for (int i = 0; i < bags.rows(); i++) {
            for (int k = bags.start(i); k < bags.end(i); k++) {
                members[starts[slots[tokens[k]] + 1]++] = i;
            }
        }
        return count;
    }

    private int check(int token) {
        if (token < 0 || token >= tableRows) {
            throw new IllegalArgumentException(
                    "Cannot look up token %d: the text tower's table has %d rows".formatted(token, tableRows));
        }
        return token;
    }

    private static void add(float[] to, float[] from) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
        }
    }

    long bytes() {
        return 8L * touched.length + 4L * (slots.length + starts.length + members.length);
    }
}
