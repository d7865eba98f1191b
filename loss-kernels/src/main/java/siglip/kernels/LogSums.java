package siglip.kernels;

/**
 * For each row (or column) of the logits of a global batch, what softmax needs to know of it, gathered block by block:
 * the log-sum-exp of the negatives as a (maximum, sum) pair, the log-sum-exp of the positives likewise, their number and the
 * sum of their logits. Keeping positives apart lets a row's loss be computed as softplus(negatives - positive), which does not cancel.
 */
public final class LogSums {
    /** Doubles per row in {@link #write} and {@link #merge}. */
    public static final int FIELDS = 6;

    public LogSums(int rows) {
        throw new UnsupportedOperationException();
    }

    public int rows() {
        throw new UnsupportedOperationException();
    }

    /** Empties all rows for the next step. */
    public void clear() {
        throw new UnsupportedOperationException();
    }

    /** Writes rows {@code from} to {@code from + count - 1}, {@link #FIELDS} doubles each, for the wire. */
    public void write(int from, int count, java.nio.DoubleBuffer to) {
        throw new UnsupportedOperationException();
    }

    /** Merges as many rows as the buffer holds into the rows from {@code into} on. The order of merges decides the last bits. */
    public void merge(int into, java.nio.DoubleBuffer from) {
        throw new UnsupportedOperationException();
    }

    /** Replaces rows from {@code into} on by those of the buffer. */
    public void read(int into, java.nio.DoubleBuffer from) {
        throw new UnsupportedOperationException();
    }

    /** The sum over all rows of -(1/k) sum over the row's k positives of log softmax, in nats, halved: one direction's share of CLIP's loss. */
    public double loss() {
        throw new UnsupportedOperationException();
    }
}
