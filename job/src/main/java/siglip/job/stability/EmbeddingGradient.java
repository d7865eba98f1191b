package siglip.job.stability;

/**
 * Where a loss would move embedded pairs: together, or each its own way. Where the sigmoid loss collapses, its gradient pushes all embeddings
 * along one direction, and all logits with them.
 */
final class EmbeddingGradient {
    private final double[][]
            weights; // derivative of the loss with respect to each similarity, but for factors that all share

    private EmbeddingGradient(double[][] weights) {
        this.weights = weights;
    }

    /**
     * Of the plain sigmoid loss, or of the softmax loss where there is no b.
     *
     * @param similarities NaN where a pair is left out, never on the diagonal
     * @param each how much a negative counts: these are a few of those that a batch has
     */
    static EmbeddingGradient of(double[][] similarities, double scale, double bias, double each) {
        int n = similarities.length;
        double[][] weights = new double[n][n];
        if (Double.isNaN(bias)) {
            softmax(similarities, scale, each, false, weights);
            softmax(similarities, scale, each, true, weights);
        } else {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    double s = similarities[i][j];
                    double push = sigmoid(scale * s + bias);
                    weights[i][j] = i == j ? push - 1 : Double.isNaN(s) ? 0 : each * push;
                }
            }
        }
        return new EmbeddingGradient(weights);
    }

    /** Adds one direction: images or texts as queries. */
    private static void softmax(double[][] similarities, double scale, double each, boolean texts, double[][] weights) {
        int n = similarities.length;
        for (int i = 0; i < n; i++) {
            double largest = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < n; j++) {
                double s = texts ? similarities[j][i] : similarities[i][j];
                largest = s > largest ? s : largest; // never one left out
            }
            double sum = 0;
            for (int j = 0; j < n; j++) {
                double s = texts ? similarities[j][i] : similarities[i][j];
                sum += Double.isNaN(s) ? 0 : (i == j ? 1 : each) * Math.exp(scale * (s - largest));
            }
            for (int j = 0; j < n; j++) {
                double s = texts ? similarities[j][i] : similarities[i][j];
                double p = Double.isNaN(s) ? 0 : (i == j ? 1 : each) * Math.exp(scale * (s - largest)) / sum;
                weights[texts ? j : i][texts ? i : j] += p - (i == j ? 1 : 0);
            }
        }
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** The share of the images' gradient along their common direction. */
    double ofImages(double[][] images, double[][] texts) {
        return share(weights, images, texts);
    }

    /** The same of texts. */
    double ofTexts(double[][] images, double[][] texts) {
        int n = weights.length;
        double[][] transposed = new double[n][n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                transposed[j][i] = weights[i][j];
            }
        }
        return share(transposed, texts, images);
    }

    private static double share(double[][] weights, double[][] rows, double[][] others) {
        int width = rows[0].length;
        double[] sum = new double[width];
        double squares = 0;
        for (int i = 0; i < rows.length; i++) {
            double[] gradient = new double[width];
            for (int j = 0; j < others.length; j++) {
                double weight = weights[i][j];
                for (int k = 0; k < width; k++) {
                    gradient[k] += weight * others[j][k];
                }
            }
            double along = PairFigures.dot(gradient, rows[i]); // moves nothing: lengths are 1
            for (int k = 0; k < width; k++) {
                gradient[k] -= along * rows[i][k];
                sum[k] += gradient[k];
            }
            squares += PairFigures.dot(gradient, gradient);
        }
        return PairFigures.dot(sum, sum) / (rows.length * squares);
    }
}
