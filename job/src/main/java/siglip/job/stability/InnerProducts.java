package siglip.job.stability;

/**
 * Inner products of two series of K vectors g_k and h_k, taken of the same K independent batches. What follows needs no vectors any more. With
 * S = sum_k g_k and T = sum_k h_k:
 *
 * <pre>{@code
 * S.T         = sum_k g_k.T
 * product     = (S.T - sum_k g_k.h_k) / (K (K - 1))        all pairs of different batches: unbiased for E[g].E[h]
 * covariance  = (sum_k g_k.h_k - S.T / K) / (K - 1)        unbiased; of a series with itself the trace V of its covariance
 * }</pre>
 *
 * <p>Of a series with itself, product is |mean|^2 - V / K: the mean of K vectors is longer than what it estimates, by the noise that is left in it.
 *
 * @param same g_k.h_k
 * @param left g_k.T
 * @param right S.h_k
 */
public record InnerProducts(double[] same, double[] left, double[] right) {
    /** Fewest batches: one is left out, and the rest must still say how they vary. */
    public static final int LEAST = 3;

    public InnerProducts {
        if (same.length < LEAST || left.length != same.length || right.length != same.length) {
            throw new IllegalArgumentException("Cannot estimate from %d, %d and %d inner products: at least %d of each"
                    .formatted(same.length, left.length, right.length, LEAST));
        }
    }

    /** Of a series with itself. */
    public static InnerProducts of(double[] squares, double[] withSum) {
        return new InnerProducts(squares, withSum, withSum);
    }

    /** Of numbers in place of vectors. */
    public static InnerProducts ofNumbers(double... values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double[] squares = new double[values.length];
        double[] withSum = new double[values.length];
        for (int k = 0; k < values.length; k++) {
            squares[k] = values[k] * values[k];
            withSum[k] = values[k] * sum;
        }
        return of(squares, withSum);
    }

    /** Of the concatenation of vectors with others: parts of a model to the whole. */
    public InnerProducts plus(InnerProducts other) {
        return new InnerProducts(sum(same, other.same), sum(left, other.left), sum(right, other.right));
    }

    private static double[] sum(double[] a, double[] b) {
        double[] sums = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            sums[i] = a[i] + b[i];
        }
        return sums;
    }

    /** K. */
    public int batches() {
        return same.length;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    /** S.T, from both sides. */
    private double total() {
        return (sum(left) + sum(right)) / 2;
    }

    private double totalWithout(int k) {
        return total() - left[k] - right[k] + same[k];
    }

    /** The product of the means as they are, noise included. */
    public double ofMeans() {
        return total() / ((double) batches() * batches());
    }

    /** The unbiased product of the expected vectors. */
    public double product() {
        return product(total(), sum(same), batches());
    }

    /** The same without a batch. */
    public double productWithout(int k) {
        return product(totalWithout(k), sum(same) - same[k], batches() - 1);
    }

    private static double product(double total, double same, double batches) {
        return (total - same) / (batches * (batches - 1));
    }

    /** The unbiased trace of the covariance. */
    public double covariance() {
        return covariance(total(), sum(same), batches());
    }

    /** The same without a batch. */
    public double covarianceWithout(int k) {
        return covariance(totalWithout(k), sum(same) - same[k], batches() - 1);
    }

    private static double covariance(double total, double same, double batches) {
        return (same - total / batches) / (batches - 1);
    }
}
