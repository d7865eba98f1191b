package siglip.job.order;

import java.io.Serializable;

/**
 * A whole of {@code total} parts cut into consecutive slices, one a rank: slice r is parts
 * {@code floor(r * total / ranks)} to {@code floor((r + 1) * total / ranks) - 1}. Serves the rows of a batch, the floats of a
 * gradient and the rows of a table alike.
 */
public record Slices(long total, int ranks) implements Serializable {
    public Slices {
        if (total < 0 || ranks < 1) {
            throw new IllegalArgumentException("Cannot cut %d parts into %d slices".formatted(total, ranks));
        }
    }

    /** Cut into as few slices as have no more than {@code most} parts each; one at least. */
    public static Slices ofAtMost(long total, int most) {
        return new Slices(total, Math.toIntExact(Math.max(1, (total + most - 1) / most)));
    }

    /** The first part of a slice. One past the last slice it is the total. */
    public int start(int rank) {
        return Math.toIntExact(rank * total / ranks);
    }

    public int size(int rank) {
        return start(rank + 1) - start(rank);
    }

    /** The slice that a part is in: the inverse of {@link #start}. */
    public int rankOf(long part) {
        return Math.toIntExact(((part + 1) * ranks - 1) / total);
    }

    /** The size of the largest slice. */
    public int largest() {
        return Math.toIntExact((total + ranks - 1) / ranks);
    }
}
