package siglip.job.towers;

import static siglip.job.towers.BoundedRows.U;
import static siglip.job.towers.BoundedRows.gamma;

import java.util.ArrayList;
import java.util.List;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.RoundingProducts;

/** A chain of dense layers and the normalisation above it, in plain double arithmetic that nobody optimises. */
final class ReferenceTower {
    private final List<Dense> layers;
    private final double[] parameters;
    private final Precision precision;
    private final BoundedRows input;
    private final List<BoundedRows> sums = new ArrayList<>(); // before each activation
    private final List<BoundedRows> activations = new ArrayList<>();
    private final BoundedRows embeddings;

    ReferenceTower(List<Layer> chain, double[] parameters, BoundedRows input, Precision precision) {
        this.precision = precision;
        layers = chain.stream().map(Dense.class::cast).toList();
        this.parameters = parameters;
        this.input = input;
        BoundedRows x = input;
        int offset = 0;
        for (Dense layer : layers) {
            BoundedRows z = linear(layer, offset, x);
            sums.add(z);
            x = activate(layer.activation(), z);
            activations.add(x);
            offset += layer.parameters();
        }
        embeddings = normalise(x);
    }

    BoundedRows embeddings() {
        return embeddings;
    }

    /** One row of gradient of the flat vector, with its error. */
    record Backward(BoundedRows parameters, BoundedRows input) {}

    Backward backward(BoundedRows embeddingGradient) {
        BoundedRows delta = denormalise(activations.get(layers.size() - 1), embeddingGradient);
        BoundedRows gradient = BoundedRows.zeros(1, parameters.length);
        int offset = parameters.length;
        for (int l = layers.size() - 1; l >= 0; l--) {
            Dense layer = layers.get(l);
            offset -= layer.parameters();
            BoundedRows dz = deactivate(layer.activation(), sums.get(l), delta);
            weightGradient(layer, offset, dz, l == 0 ? input : activations.get(l - 1), gradient);
            delta = below(layer, offset, dz);
        }
        return new Backward(gradient, delta);
    }

    private BoundedRows linear(Dense layer, int offset, BoundedRows given) {
        BoundedRows x = given.readIn(precision);
        double v = RoundingProducts.unit(precision);
        BoundedRows z = BoundedRows.zeros(x.rows(), layer.out());
        for (int i = 0; i < x.rows(); i++) {
            for (int o = 0; o < layer.out(); o++) {
                double b = layer.bias() ? parameters[offset + layer.weights() + o] : 0;
                double sum = b;
                double absolute = Math.abs(b);
                double carried = 0;
                for (int k = 0; k < layer.in(); k++) {
                    double w = parameters[offset + o * layer.in() + k];
                    sum += w * x.value()[i][k];
                    double most = Math.abs(x.value()[i][k]) + x.error()[i][k];
                    absolute += Math.abs(w) * (1 + v) * most;
                    carried += Math.abs(w) * (x.error()[i][k] + v * most);
                }
                z.value()[i][o] = sum;
                z.error()[i][o] = carried + gamma(layer.in() + 1) * absolute;
            }
        }
        return z;
    }

    private void weightGradient(Dense layer, int offset, BoundedRows dz, BoundedRows below, BoundedRows gradient) {
        BoundedRows x = below.readIn(precision);
        BoundedRows d = dz.readIn(precision); // but not for the bias, whose gradient is no product
        int n = x.rows();
        for (int o = 0; o < layer.out(); o++) {
            for (int k = 0; k < layer.in(); k++) {
                int at = offset + o * layer.in() + k;
                for (int i = 0; i < n; i++) {
                    accumulate(gradient, at, n, d.value()[i][o], d.error()[i][o], x.value()[i][k], x.error()[i][k]);
                }
            }
            for (int i = 0; layer.bias() && i < n; i++) {
                accumulate(gradient, offset + layer.weights() + o, n, dz.value()[i][o], dz.error()[i][o], 1, 0);
            }
        }
    }

    /** Adds a b to a sum of n such terms. */
    private static void accumulate(BoundedRows sum, int at, int n, double a, double ea, double b, double eb) {
        double absolute = (Math.abs(a) + ea) * (Math.abs(b) + eb);
        sum.value()[0][at] += a * b;
        sum.error()[0][at] += Math.abs(a) * eb + ea * (Math.abs(b) + eb) + gamma(n) * absolute;
    }

    private BoundedRows below(Dense layer, int offset, BoundedRows given) {
        BoundedRows dz = given.readIn(precision);
        double factor = RoundingProducts.unit(precision) + gamma(layer.out()) * (1 + RoundingProducts.unit(precision));
        BoundedRows dx = BoundedRows.zeros(dz.rows(), layer.in());
        for (int i = 0; i < dz.rows(); i++) {
            for (int k = 0; k < layer.in(); k++) {
                for (int o = 0; o < layer.out(); o++) {
                    double w = parameters[offset + o * layer.in() + k];
                    double d = dz.value()[i][o];
                    double e = dz.error()[i][o];
                    dx.value()[i][k] += w * d;
                    dx.error()[i][k] += Math.abs(w) * (e + factor * (Math.abs(d) + e));
                }
            }
        }
        return dx;
    }

    private static BoundedRows activate(Nonlinearity f, BoundedRows z) {
        BoundedRows a = BoundedRows.zeros(z.rows(), z.rows() == 0 ? 0 : z.value()[0].length);
        for (int i = 0; i < z.rows(); i++) {
            for (int k = 0; k < z.value()[i].length; k++) {
                double carried = slope(f) * z.error()[i][k];
                a.value()[i][k] = value(f, z.value()[i][k]);
                a.error()[i][k] =
                        carried + (f == Nonlinearity.IDENTITY ? 0 : 2 * U * (Math.abs(a.value()[i][k]) + carried));
            }
        }
        return a;
    }

    private static BoundedRows deactivate(Nonlinearity f, BoundedRows z, BoundedRows da) {
        BoundedRows dz = BoundedRows.zeros(z.rows(), z.rows() == 0 ? 0 : z.value()[0].length);
        for (int i = 0; i < z.rows(); i++) {
            for (int k = 0; k < z.value()[i].length; k++) {
                double derivative = derivative(f, z.value()[i][k]);
                double wrong = derivativeError(f, z.value()[i][k], z.error()[i][k]);
                double d = da.value()[i][k];
                double e = da.error()[i][k];
                dz.value()[i][k] = d * derivative;
                dz.error()[i][k] = Math.abs(derivative) * e
                        + wrong * (Math.abs(d) + e)
                        + (f == Nonlinearity.IDENTITY ? 0 : U * (Math.abs(derivative) + wrong) * (Math.abs(d) + e));
            }
        }
        return dz;
    }

    /** e = y / |y|. An error of length s in y moves e by at most (error of the entry + |e| s) / (|y| - s); {@link UnitRows} adds 4 u. */
    private static BoundedRows normalise(BoundedRows y) {
        BoundedRows e = direction(y);
        for (int i = 0; i < y.rows(); i++) {
            for (int k = 0; k < y.value()[i].length; k++) {
                e.error()[i][k] += 4 * U * (Math.abs(e.value()[i][k]) + e.error()[i][k]);
            }
        }
        return e;
    }

    private static BoundedRows direction(BoundedRows y) {
        int width = y.rows() == 0 ? 0 : y.value()[0].length;
        BoundedRows e = BoundedRows.zeros(y.rows(), width);
        for (int i = 0; i < y.rows(); i++) {
            double norm = norm(y.value()[i]);
            double off = norm(y.error()[i]);
            for (int k = 0; k < width; k++) {
                e.value()[i][k] = norm == 0 ? 0 : y.value()[i][k] / norm;
                double bound = (y.error()[i][k] + Math.abs(e.value()[i][k]) * off) / (norm - off);
                e.error()[i][k] = norm == 0 ? 0 : off < norm ? Math.min(bound, 2) : 2; // two points of the unit sphere
            }
        }
        return e;
    }

    /** dy = (de - e (e . de)) / |y|, and what {@link UnitRows} adds. */
    private static BoundedRows denormalise(BoundedRows y, BoundedRows de) {
        BoundedRows e = direction(y);
        BoundedRows dy = BoundedRows.zeros(y.rows(), y.rows() == 0 ? 0 : y.value()[0].length);
        for (int i = 0; i < y.rows(); i++) {
            double norm = norm(y.value()[i]);
            double off = norm(y.error()[i]);
            double length = norm(de.value()[i]);
            double lengthOff = norm(de.error()[i]);
            double along = 0;
            double alongError = 0;
            for (int k = 0; k < dy.value()[i].length; k++) {
                double d = de.value()[i][k];
                along += e.value()[i][k] * d;
                alongError += Math.abs(e.value()[i][k]) * de.error()[i][k]
                        + e.error()[i][k] * (Math.abs(d) + de.error()[i][k]);
            }
            for (int k = 0; norm > 0 && k < dy.value()[i].length; k++) {
                double across = de.value()[i][k] - e.value()[i][k] * along;
                double acrossError = de.error()[i][k]
                        + Math.abs(e.value()[i][k]) * alongError
                        + e.error()[i][k] * (Math.abs(along) + alongError);
                dy.value()[i][k] = across / norm;
                double carried = off < norm
                        ? acrossError / (norm - off) + Math.abs(across) * off / (norm * (norm - off))
                        : Double.POSITIVE_INFINITY;
                double computed = 5 * U * (Math.abs(de.value()[i][k]) + de.error()[i][k])
                        + 15 * U * (Math.abs(e.value()[i][k]) + e.error()[i][k]) * (length + lengthOff);
                dy.error()[i][k] = carried + (off < norm ? computed / (norm - off) : 0);
            }
        }
        return dy;
    }

    private static double norm(double[] row) {
        double sum = 0;
        for (double x : row) {
            sum += x * x;
        }
        return Math.sqrt(sum);
    }

    static double value(Nonlinearity f, double z) {
        return switch (f) {
            case IDENTITY -> z;
            case RELU -> Math.max(z, 0);
            case LEAKY_RELU -> z > 0 ? z : 0.01 * z;
            case TANH -> Math.tanh(z);
            case SIGMOID -> sigmoid(z);
            case GELU -> z * sigmoid(1.702 * z);
            case SWISH -> z * sigmoid(z);
            case ELU -> z > 0 ? z : Math.expm1(z);
            case SOFTPLUS -> Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
        };
    }

    static double derivative(Nonlinearity f, double z) {
        return switch (f) {
            case IDENTITY -> 1;
            case RELU -> z > 0 ? 1 : 0;
            case LEAKY_RELU -> z > 0 ? 1 : 0.01;
            case TANH -> 1 - Math.tanh(z) * Math.tanh(z);
            case SIGMOID -> sigmoid(z) * sigmoid(-z);
            case GELU -> sigmoid(1.702 * z) + 1.702 * z * sigmoid(1.702 * z) * sigmoid(-1.702 * z);
            case SWISH -> sigmoid(z) + z * sigmoid(z) * sigmoid(-z);
            case ELU -> z > 0 ? 1 : Math.exp(z);
            case SOFTPLUS -> sigmoid(z);
        };
    }

    /** Largest absolute derivative. */
    private static double slope(Nonlinearity f) {
        return f == Nonlinearity.GELU || f == Nonlinearity.SWISH ? 1.1 : 1;
    }

    /**
     * How far the derivative may be off, its input being off by {@code error}: the jump of a ReLU where zero is within reach, elsewhere
     * the largest second derivative; and four roundings of numbers up to 1.1.
     */
    private static double derivativeError(Nonlinearity f, double z, double error) {
        return switch (f) {
            case IDENTITY -> 0;
            case RELU -> Math.abs(z) <= error ? 1 : 0;
            case LEAKY_RELU -> (Math.abs(z) <= error ? 0.99 : 0) + U;
            case TANH -> 0.77 * error + 4.4 * U;
            case SIGMOID -> 0.1 * error + 4.4 * U;
            case GELU -> 0.851 * error + 4.4 * U;
            case SWISH -> 0.5 * error + 4.4 * U;
            case ELU -> error + 4.4 * U;
            case SOFTPLUS -> 0.25 * error + 4.4 * U;
        };
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }
}
