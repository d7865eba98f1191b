package siglip.job.stability;

/** The sigmoid loss of pairs in nats for each image, and its least value over t and b. */
final class SigmoidFit {
    /** Factors of 1 to 2 that are multiplied before a logarithm is taken: their product stays far below the largest double. */
    private static final int FACTORS = 512;

    private final double[] positives;
    private final double[] negatives;
    private final double each; // how much a negative counts
    private final double least;

    /** Loss, gradient and second derivatives at a t and b. */
    private record Point(double scale, double bias, double loss, double[] step) {}

    /** @param each how much a negative counts beside a positive */
    SigmoidFit(double[] positives, double[] negatives, double each) {
        this.positives = positives;
        this.negatives = negatives;
        this.each = each;
        least = fit();
    }

    double least() {
        return least;
    }

    double at(double scale, double bias) {
        return point(scale, bias).loss();
    }

    /** Newton's method, as the loss is convex in t and b; a step that does not lower it is halved. Where no pair is confused, t runs to its limit. */
    private double fit() {
        double mean = Statistics.mean(negatives);
        Point at = point(10, -Math.log(each * negatives.length / positives.length) - 10 * mean);
        for (int i = 0; i < 50; i++) {
            double factor = 1;
            Point next = moved(at, factor);
            while (!(next.loss() <= at.loss()) && factor > 1e-6) {
                factor /= 2;
                next = moved(at, factor);
            }
            boolean done = !(at.loss() - next.loss() > 1e-6 * at.loss());
            at = next.loss() <= at.loss() ? next : at;
            if (done || Math.abs(at.scale()) > ScaleFit.LARGEST_SCALE) {
                break;
            }
        }
        return at.loss();
    }

    private Point moved(Point from, double factor) {
        return point(from.scale() - factor * from.step()[0], from.bias() - factor * from.step()[1]);
    }

    /** Each pair's loss is {@code log(1 + e)} of an exponential, and many of these are one logarithm of a product. */
    private Point point(double scale, double bias) {
        double loss = 0;
        double gradientScale = 0;
        double gradientBias = 0;
        double tt = 1e-9;
        double tb = 0;
        double bb = 1e-9;
        for (int side = 0; side < 2; side++) {
            double sign = side == 0 ? -1 : 1; // of the logit in the loss
            double counts = side == 0 ? 1 : each;
            double own = 0;
            double product = 1;
            int factors = 0;
            for (double s : side == 0 ? positives : negatives) {
                double x = sign * (scale * s + bias);
                double e = Math.exp(-Math.abs(x));
                own += x > 0 ? x : 0;
                product *= 1 + e;
                if (++factors == FACTORS) {
                    own += Math.log(product);
                    product = 1;
                    factors = 0;
                }
                double p = counts * (x > 0 ? 1 : e) / (1 + e);
                double h = counts * e / ((1 + e) * (1 + e));
                gradientScale += sign * p * s;
                gradientBias += sign * p;
                tt += h * s * s;
                tb += h * s;
                bb += h;
            }
            loss += counts * (own + Math.log(product));
        }
        double determinant = tt * bb - tb * tb;
        return new Point(scale, bias, loss / positives.length, new double[] {
            (bb * gradientScale - tb * gradientBias) / determinant,
            (tt * gradientBias - tb * gradientScale) / determinant
        });
    }
}
