package siglip.job.towers;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationLReLU;

/**
 * The activations that the fast path computes itself, as DL4J defines them. NaN goes through all of them, so that a
 * diverged tower shows.
 *
 * <p><b>Accuracy.</b> Identity and the two ReLUs are exact but for the slope's product; the others are computed in
 * {@code double} and rounded once. Derivatives are taken at the activation's own rounded value: off by a few 2^-24 of 1.
 */
enum Nonlinearity {
    IDENTITY,
    RELU,
    /** Slope 0.01 below zero. */
    LEAKY_RELU,
    TANH,
    SIGMOID,
    /** DL4J's: {@code x sigmoid(1.702 x)}; PyTorch's differs by up to 0.02. */
    GELU,
    /** {@code x sigmoid(x)}, also called SiLU. */
    SWISH,
    /** {@code e^x - 1} below zero. */
    ELU,
    SOFTPLUS;

    /** Below it, the first terms of a series are exact enough, and a difference of exponentials is not. */
    private static final double SMALL = 0x1p-10;

    private static final float SLOPE = (float) ActivationLReLU.DEFAULT_ALPHA;

    /** Which of them DL4J's activation is; empty if it is another, or has settings of its own. */
    static Optional<Nonlinearity> of(IActivation activation) {
        return Stream.of(values())
                .filter(f -> f.dl4j().getActivationFunction().equals(activation))
                .findFirst();
    }

    /**
     * @param name DL4J's, in letters of any case
     * @throws IllegalArgumentException if none has that name
     */
    static Nonlinearity named(String name) {
        return Stream.of(values())
                .filter(f -> f.dl4j().name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("activation '%s' is none of %s"
                        .formatted(
                                name,
                                Stream.of(values())
                                        .map(f -> f.dl4j().name().toLowerCase(Locale.ROOT))
                                        .collect(Collectors.joining(", ")))));
    }

    Activation dl4j() {
        return Activation.valueOf(name().replace("_", ""));
    }

    /** Whether the derivative needs the input z; the others are derivatives of the activation a alone. */
    boolean needsInput() {
        return this == GELU || this == SWISH;
    }

    /** {@code a[i] = f(z[i])} for i below {@code count}; {@code a} and {@code z} may be the same array. */
    void apply(float[] z, float[] a, int count) {
        switch (this) {
            case IDENTITY -> {
                if (a != z) {
                    System.arraycopy(z, 0, a, 0, count);
                }
            }
            case RELU -> {
                for (int i = 0; i < count; i++) {
                    a[i] = Math.max(z[i], 0f);
                }
            }
            case LEAKY_RELU -> {
                for (int i = 0; i < count; i++) {
                    a[i] = Math.max(z[i], SLOPE * z[i]);
                }
            }
            case TANH -> {
                for (int i = 0; i < count; i++) {
                    a[i] = (float) tanh(z[i]);
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < count; i++) {
                    a[i] = (float) sigmoid(z[i]);
                }
            }
            case GELU -> {
                for (int i = 0; i < count; i++) {
                    a[i] = (float) (z[i] * sigmoid(1.702 * z[i]));
                }
            }
            case SWISH -> {
                for (int i = 0; i < count; i++) {
                    a[i] = (float) (z[i] * sigmoid(z[i]));
                }
            }
            case ELU -> {
                for (int i = 0; i < count; i++) {
                    a[i] = z[i] < 0 ? (float) expm1(z[i]) : z[i];
                }
            }
            case SOFTPLUS -> {
                for (int i = 0; i < count; i++) {
                    a[i] = (float) (Math.max(z[i], 0) + Math.log1p(Math.exp(-Math.abs((double) z[i]))));
                }
            }
        }
    }

    /** {@code d[i] *= f'(z[i])}, with {@code a = f(z)}; {@code z} is read only if {@link #needsInput}. */
    void backward(float[] d, float[] a, float[] z, int count) {
        switch (this) {
            case IDENTITY -> {}
            case RELU -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= step(a[i]);
                }
            }
            case LEAKY_RELU -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= Math.max(step(a[i]), SLOPE);
                }
            }
            case TANH -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= 1 - a[i] * a[i];
                }
            }
            case SIGMOID -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= a[i] * (1 - a[i]);
                }
            }
            case GELU -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= (float) gated(1.702, z[i]);
                }
            }
            case SWISH -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= (float) gated(1, z[i]);
                }
            }
            case ELU -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= Math.min(a[i], 0f) + 1;
                }
            }
            case SOFTPLUS -> {
                for (int i = 0; i < count; i++) {
                    d[i] *= (float) -expm1(-(double) a[i]); // sigmoid(z) = 1 - exp(-softplus(z))
                }
            }
        }
    }

    /**
     * 1 above zero, 0 at zero, very negative below. Without a branch, since signs are random to the processor; the two factors
     * lift the smallest positive float, 2^-149, to 1.
     */
    private static float step(float a) {
        return Math.min(a * 0x1p127f * 0x1p22f, 1f);
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }

    // The processor has exp, but neither tanh nor expm1: what these two lose is below 2^-34 of their value.

    private static double tanh(double z) {
        double x = Math.abs(z);
        if (x < SMALL) {
            return z - z * z * z / 3;
        }
        double e = Math.exp(-2 * x);
        return Math.copySign((1 - e) / (1 + e), z);
    }

    /** {@code e^z - 1}. */
    private static double expm1(double z) {
        return Math.abs(z) < SMALL ? z + z * z / 2 + z * z * z / 6 : Math.exp(z) - 1;
    }

    /** Derivative of {@code z sigmoid(c z)}. */
    private static double gated(double c, double z) {
        double s = sigmoid(c * z);
        return s + c * z * s * (1 - s);
    }
}
