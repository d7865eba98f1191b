package siglip.job.frozen;

import java.util.Arrays;
import siglip.job.optimizer.Gradient;
import siglip.job.optimizer.PartProducts;
import siglip.job.optimizer.Slot;

/**
 * The first pass over a loss's gradients: their sum, and sums of their directions.
 *
 * @param whole of the gradients
 * @param directions of the gradients, each divided by its length
 * @param parts of the gradients, each part divided by its own length
 */
record GradientSums(PartProducts products, Slot whole, Slot directions, Slot parts) {
    static GradientSums zeros(PartProducts products) {
        return new GradientSums(products, products.zeros(), products.zeros(), products.zeros());
    }

    void add(Gradient gradient) {
        double[] squares = products.of(gradient, gradient);
        products.add(gradient, factors(1), whole);
        products.add(gradient, factors(inverse(Arrays.stream(squares).sum())), directions);
        products.add(gradient, Arrays.stream(squares).map(GradientSums::inverse).toArray(), parts);
    }

    /** The same factor for each part. */
    static double[] factors(double factor) {
        return new double[] {factor, factor, factor};
    }

    /** One over a length; 0 for a part that has no gradient. */
    static double inverse(double square) {
        return square > 0 ? 1 / Math.sqrt(square) : 0;
    }
}
