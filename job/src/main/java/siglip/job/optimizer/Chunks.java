package siglip.job.optimizer;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Work over long arrays in chunks of a fixed size, on the driver's cores. Chunks write to separate places and sums are added
 * in the order of chunks, so the number of threads changes no bit.
 */
final class Chunks {
    private static final int SIZE = 1 << 15;

    private Chunks() {}

    /** What is done with elements {@code from} to {@code to - 1}. */
    interface Body {
        void run(int from, int to);
    }

    /** A sum over elements {@code from} to {@code to - 1}. */
    interface Sum {
        double over(int from, int to);
    }

    /** Something of elements {@code from} to {@code to - 1}. */
    interface Part<T> {
        T of(int from, int to);
    }

    static void each(int length, Body body) {
        IntStream.range(0, count(length)).parallel().forEach(i -> body.run(i * SIZE, Math.min(length, (i + 1) * SIZE)));
    }

    static double sum(int length, Sum sum) {
        double[] parts = new double[count(length)];
        IntStream.range(0, parts.length)
                .parallel()
                .forEach(i -> parts[i] = sum.over(i * SIZE, Math.min(length, (i + 1) * SIZE)));
        double total = 0;
        for (double part : parts) {
            total += part;
        }
        return total;
    }

    /** What each chunk gives, in their order. */
    static <T> List<T> map(int length, Part<T> part) {
        return IntStream.range(0, count(length))
                .parallel()
                .mapToObj(i -> part.of(i * SIZE, Math.min(length, (i + 1) * SIZE)))
                .toList();
    }

    private static int count(int length) {
        return Math.max(0, (length + SIZE - 1) / SIZE);
    }
}
