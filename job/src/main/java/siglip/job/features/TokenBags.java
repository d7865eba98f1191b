package siglip.job.features;

import java.io.Serializable;
import java.util.Arrays;

/** A growing list of bags of token ids, one bag a row: bag i is {@code tokens[offsets[i]] .. tokens[offsets[i + 1] - 1]}. Reused from step to step. */
public final class TokenBags implements Serializable {
    private int[] offsets = new int[64];
    private int[] tokens = new int[1024];
    private int rows;

    public void clear() {
        rows = 0;
    }

    /** Adds a row of {@code count} tokens. */
    public void add(int[] from, int at, int count) {
        if (rows + 2 > offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * offsets.length);
        }
        rows++;
        offsets[rows] = offsets[rows - 1];
        append(from, at, count);
    }

    /** Adds {@code count} tokens to the last row. */
    public void append(int[] from, int at, int count) {
        int start = offsets[rows];
        if (start + count > tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.max(2 * tokens.length, start + count));
        }
        System.arraycopy(from, at, tokens, start, count);
        offsets[rows] = start + count;
    }

    public int rows() {
        return rows;
    }

    public int start(int row) {
        return offsets[row];
    }

    public int end(int row) {
        return offsets[row + 1];
    }

    /** The token ids of all bags; valid from {@code start(0)} to {@code end(rows() - 1)}. */
    public int[] tokens() {
        return tokens;
    }
}
