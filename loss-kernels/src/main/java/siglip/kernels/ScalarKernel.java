package siglip.kernels;

/** One element at a time, in plain Java: for machines or processes without the vector module. */
final class ScalarKernel implements ElementwiseKernel, ElementwiseKernel.Negatives {
    private static final float LOG2_E = 1.442695f;
    private static final float ROUND = 12582912f; // 1.5 * 2^23: adding it rounds to an integer, held by the low bits
    private static final float LN2_HIGH = 0.6933594f; // few bits, so that k * LN2_HIGH is exact
    private static final float LN2_LOW = -2.1219444e-4f;

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public Negatives negatives() {
        return this;
    }

    /** {@code exp(x)} for {@code x <= 0}: range reduction by ln 2 in two parts, then the polynomial of Cephes' {@code expf}. */
    static float exp(float argument) {
        return exp(Math.max(argument, LEAST_EXPONENT), 0);
    }

    /** {@code exp(x) * 2^-shift}, for {@code x} within {@link #LEAST_OCTAVES} and {@link #MOST_OCTAVES} of the shift. */
    private static float exp(float x, int shift) {
        float rounded = x * LOG2_E + ROUND;
        float k = rounded - ROUND;
        float r = (x - k * LN2_HIGH) - k * LN2_LOW;
        float p = 1.9875691e-4f;
        p = p * r + 1.3981999e-3f;
        p = p * r + 8.333452e-3f;
        p = p * r + 4.1665796e-2f;
        p = p * r + 1.6666666e-1f;
        p = p * r + 0.5f;
        p = p * (r * r) + r + 1f;
        return p * Float.intBitsToFloat((Float.floatToRawIntBits(rounded) << 23) + ((127 - shift) << 23));
    }

    @Override
    public void sigmoid(float[] values, int from, int count, float scale, float bias, double[] sums) {
        double loss = 0;
        double gradient = 0;
        double gradientBySimilarity = 0;
        for (int i = from; i < from + count; i++) {
            float s = values[i];
            float l = scale * s + bias;
            float e = exp(-Math.abs(l));
            float inverse = 1f / ((1f + e) * (2f + e)); // one division serves both quotients
            float g = sigmoid(l, e, inverse);
            loss += softplus(l, e, inverse);
            gradient += g;
            gradientBySimilarity += (double) g * s;
            values[i] = g * scale;
        }
        sums[LOSS] += loss;
        sums[GRADIENT] += gradient;
        sums[GRADIENT_BY_SIMILARITY] += gradientBySimilarity;
    }

    private static float sigmoid(float l, float e, float inverse) {
        return (l >= 0 ? 1f : e) * (2f + e) * inverse;
    }

    private static float softplus(float l, float e, float inverse) {
        float q = e * (1f + e) * inverse; // log1p(e) = 2 atanh(q), q = e / (2 + e)
        float q2 = q * q;
        float p = 1f / 11;
        p = p * q2 + 1f / 9;
        p = p * q2 + 1f / 7;
        p = p * q2 + 1f / 5;
        p = p * q2 + 1f / 3;
        p = p * q2 + 1f;
        return Math.max(l, 0f) + 2f * (p * q);
    }

    @Override
    public void sigmoid(
            float[] values,
            int from,
            int count,
            float scale,
            float rowBias,
            float[] columnBiases,
            int column,
            double[] sums) {
        double loss = 0;
        double gradientBySimilarity = 0;
        for (int i = 0; i < count; i++) {
            float s = values[from + i];
            float l = scale * s + rowBias;
            float k = scale * s + columnBiases[column + i];
            float e = exp(-Math.abs(l));
            float f = exp(-Math.abs(k));
            float inverseE = 1f / ((1f + e) * (2f + e));
            float inverseF = 1f / ((1f + f) * (2f + f));
            float g = 0.5f * (sigmoid(l, e, inverseE) + sigmoid(k, f, inverseF));
            loss += 0.5f * (softplus(l, e, inverseE) + softplus(k, f, inverseF));
            gradientBySimilarity += (double) g * s;
            values[from + i] = g * scale;
        }
        sums[LOSS] += loss;
        sums[GRADIENT_BY_SIMILARITY] += gradientBySimilarity;
    }

    /** The exponent of a pair, held within the octaves. */
    private static float within(float l, int shift) {
        return Math.min(
                Math.max(l, ElementwiseKernel.octaves(shift + LEAST_OCTAVES)),
                ElementwiseKernel.octaves(shift + MOST_OCTAVES));
    }

    @Override
    public double addExponentials(float[] values, int from, int count, float scale, int shift, float[] columnSums) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float e = exp(within(values[from + i] * scale, shift), shift);
            sum += e;
            columnSums[i] += e;
        }
        return sum;
    }

    @Override
    public double softmaxGradient(
            float[] values, int from, int count, float scale, int shift, float rowFactor, float[] columnFactors) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float s = values[from + i];
            float g = exp(within(s * scale, shift), shift) * (rowFactor + columnFactors[i]);
            sum += (double) g * s;
            values[from + i] = g * scale;
        }
        return sum;
    }

    @Override
    public float scaleAndMax(float[] values, int from, int count, float scale, float[] columnMaxima) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            float l = values[from + i] * scale;
            values[from + i] = l;
            max = Math.max(max, l);
            columnMaxima[i] = Math.max(columnMaxima[i], l);
        }
        return max;
    }

    @Override
    public double addExponentials(
            float[] values, int from, int count, float rowMax, float[] columnMaxima, float[] columnSums) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float l = values[from + i];
            sum += exp(l - rowMax);
            columnSums[i] += exp(l - columnMaxima[i]);
        }
        return sum;
    }

    @Override
    public double softmaxGradient(
            float[] values, int from, int count, float scale, float rowLogSum, float[] columnLogSums) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float s = values[from + i];
            float l = s * scale;
            float g = 0.5f * (exp(l - rowLogSum) + exp(l - columnLogSums[i]));
            sum += (double) g * s;
            values[from + i] = g * scale;
        }
        return sum;
    }

    @Override
    public void keepDrawn(
            float[] values, int from, int count, int rowKey, int[] columnKeys, float share, float absent) {
        for (int i = 0; i < count; i++) {
            if (!(ElementwiseKernel.uniform(rowKey + columnKeys[i]) < share)) {
                values[from + i] = absent;
            }
        }
    }

    @Override
    public void keepWithin(float[] values, int from, int count, float least, float limit, float absent) {
        for (int i = from; i < from + count; i++) {
            if (values[i] < least || values[i] >= limit) {
                values[i] = absent;
            }
        }
    }

    @Override
    public void addPresent(float[] values, int from, int count, double[] sums) {
        for (int i = from; i < from + count; i++) {
            if (!(values[i] <= LEAST_PRESENT)) {
                sums[PRESENT]++;
                sums[PRESENT_SIMILARITY] += values[i];
            }
        }
    }

    @Override
    public double addSquares(float[] values, int from, int count, float target, float factor, float[] derivatives) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            float d = values[from + i] <= LEAST_PRESENT ? 0 : values[from + i] - target;
            derivatives[i] = factor * d;
            sum += (double) d * d;
        }
        return sum;
    }
}
