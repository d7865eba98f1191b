package siglip.kernels.simd;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import siglip.kernels.ElementwiseKernel;

/**
 * The passes on the Vector API, at the width in the class data ({@link VectorKernels} puts it there).
 *
 * <p>What is left of a row after its last whole vector is copied into a vector of its own, whose other lanes count for nothing.
 * Lanes are summed as {@code double}, in order: {@code reduceLanes} promises no order, hence not the same bits twice.
 *
 * <p>Nothing here converts between {@code float} and {@code int} lanes: on JDK 17 that is not an instruction but a loop.
 */
final class VectorKernel implements ElementwiseKernel {
    private static final int BITS = classData();
    private static final VectorSpecies<Float> S = VectorSpecies.of(float.class, VectorShape.forBitSize(BITS));
    private static final int LENGTH = S.length();

    // Constants of the class: made in a loop, each would count against what the compiler is ready to inline there.
    private static final FloatVector ONE = all(1f);
    private static final FloatVector LEAST = all(LEAST_EXPONENT);
    private static final FloatVector LOG2_E = all(1.442695f);
    private static final FloatVector ROUND = all(12582912f); // 1.5 * 2^23: adding it leaves an integer in the low bits
    private static final FloatVector MINUS_LN2_HIGH = all(-0.6933594f);
    private static final FloatVector MINUS_LN2_LOW = all(2.1219444e-4f);
    private static final FloatVector P0 = all(0.5f);
    private static final FloatVector P1 = all(1.6666666e-1f);
    private static final FloatVector P2 = all(4.1665796e-2f);
    private static final FloatVector P3 = all(8.333452e-3f);
    private static final FloatVector P4 = all(1.3981999e-3f);
    private static final FloatVector P5 = all(1.9875691e-4f);
    private static final IntVector EXPONENT_OF_ONE = ONE.reinterpretAsInts();

    private final float[] tail = new float[LENGTH];
    private final float[] tailMaxima = new float[LENGTH];
    private final float[] tailSums = new float[LENGTH];
    private final float[] lanes = new float[LENGTH];

    private final Negatives negatives;

    VectorKernel(Negatives negatives) {
        this.negatives = negatives;
    }

    private static int classData() {
        try {
            return MethodHandles.classData(MethodHandles.lookup(), ConstantDescs.DEFAULT_NAME, Integer.class);
        } catch (IllegalAccessException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @Override
    public String name() {
        return "vector-" + BITS;
    }

    @Override
    public Negatives negatives() {
        return negatives;
    }

    private static FloatVector all(float value) {
        return FloatVector.broadcast(S, value);
    }

    /** {@code exp(x)} for {@code x <= 0}: range reduction by ln 2 in two parts, then the polynomial of Cephes' {@code expf}. */
    private static FloatVector exp(FloatVector argument) {
        return exp(argument.max(LEAST), EXPONENT_OF_ONE);
    }

    /** {@code exp(x)} times a power of two, given as the exponent bits of that power. */
    private static FloatVector exp(FloatVector x, IntVector power) {
        FloatVector rounded = x.fma(LOG2_E, ROUND);
        FloatVector k = rounded.sub(ROUND);
        FloatVector r = k.fma(MINUS_LN2_LOW, k.fma(MINUS_LN2_HIGH, x));
        FloatVector p = P5.fma(r, P4)
                .fma(r, P3)
                .fma(r, P2)
                .fma(r, P1)
                .fma(r, P0)
                .fma(r.mul(r), r)
                .add(ONE);
        return p.mul(rounded.reinterpretAsInts().lanewise(LSHL, 23).add(power).reinterpretAsFloats());
    }

    /** The sum of the first {@code used} lanes. */
    private double sum(FloatVector partial, int used) {
        partial.intoArray(lanes, 0);
        double sum = 0;
        for (int i = 0; i < used; i++) {
            sum += lanes[i];
        }
        return sum;
    }

    /** Copies the end of a row into a vector of its own, whose other lanes are never used. */
    private void loadTail(float[] values, int from, int rest) {
        Arrays.fill(tail, 0f);
        System.arraycopy(values, from, tail, 0, rest);
    }

    @Override
    public void sigmoid(float[] values, int from, int count, float scale, float bias, double[] sums) {
        int whole = S.loopBound(count);
        sigmoidVectors(values, from, whole, LENGTH, scale, bias, sums);
        if (whole < count) {
            int rest = count - whole;
            loadTail(values, from + whole, rest);
            sigmoidVectors(tail, 0, LENGTH, rest, scale, bias, sums);
            System.arraycopy(tail, 0, values, from + whole, rest);
        }
    }

    private void sigmoidVectors(float[] values, int from, int count, int used, float scale, float bias, double[] sums) {
        FloatVector t = all(scale);
        FloatVector b = all(bias);
        FloatVector one = all(1f);
        FloatVector c11 = all(1f / 11);
        FloatVector c9 = all(1f / 9);
        FloatVector c7 = all(1f / 7);
        FloatVector c5 = all(1f / 5);
        FloatVector c3 = all(1f / 3);
        FloatVector loss = all(0f);
        FloatVector gradient = all(0f);
        FloatVector gradientBySimilarity = all(0f);
        for (int i = from; i < from + count; i += LENGTH) {
            FloatVector s = FloatVector.fromArray(S, values, i);
            FloatVector l = s.fma(t, b);
            FloatVector e = exp(l.abs().neg());
            FloatVector d1 = e.add(1f);
            FloatVector d2 = e.add(2f);
            FloatVector inverse = one.div(d1.mul(d2)); // one division serves both quotients
            FloatVector q = e.mul(d1).mul(inverse); // log1p(e) = 2 atanh(q), q = e / (2 + e)
            FloatVector q2 = q.mul(q);
            FloatVector half = c11.fma(q2, c9)
                    .fma(q2, c7)
                    .fma(q2, c5)
                    .fma(q2, c3)
                    .fma(q2, one)
                    .mul(q);
            FloatVector g = e.blend(one, l.compare(GE, 0f)).mul(d2).mul(inverse);
            loss = loss.add(l.max(0f)).add(half.add(half));
            gradient = gradient.add(g);
            gradientBySimilarity = g.fma(s, gradientBySimilarity);
            g.mul(t).intoArray(values, i);
        }
        sums[LOSS] += sum(loss, used);
        sums[GRADIENT] += sum(gradient, used);
        sums[GRADIENT_BY_SIMILARITY] += sum(gradientBySimilarity, used);
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
        int whole = S.loopBound(count);
        sigmoidVectors(values, from, whole, LENGTH, scale, rowBias, columnBiases, column, sums);
        if (whole < count) {
            int rest = count - whole;
            loadTail(values, from + whole, rest);
            System.arraycopy(columnBiases, column + whole, tailSums, 0, rest);
            sigmoidVectors(tail, 0, LENGTH, rest, scale, rowBias, tailSums, 0, sums);
            System.arraycopy(tail, 0, values, from + whole, rest);
        }
    }

    private void sigmoidVectors(
            float[] values,
            int from,
            int count,
            int used,
            float scale,
            float rowBias,
            float[] columnBiases,
            int column,
            double[] sums) {
        FloatVector t = all(scale);
        FloatVector b = all(rowBias);
        FloatVector one = all(1f);
        FloatVector c11 = all(1f / 11);
        FloatVector c9 = all(1f / 9);
        FloatVector c7 = all(1f / 7);
        FloatVector c5 = all(1f / 5);
        FloatVector c3 = all(1f / 3);
        FloatVector loss = all(0f);
        FloatVector gradientBySimilarity = all(0f);
        for (int i = 0; i < count; i += LENGTH) {
            FloatVector s = FloatVector.fromArray(S, values, from + i);
            FloatVector l = s.fma(t, b);
            FloatVector k = s.fma(t, FloatVector.fromArray(S, columnBiases, column + i));
            FloatVector e = exp(l.abs().neg());
            FloatVector f = exp(k.abs().neg());
            FloatVector e1 = e.add(1f);
            FloatVector e2 = e.add(2f);
            FloatVector f1 = f.add(1f);
            FloatVector f2 = f.add(2f);
            FloatVector ofE = e1.mul(e2);
            FloatVector ofF = f1.mul(f2);
            FloatVector inverse = one.div(ofE.mul(ofF)); // one division serves all four quotients
            FloatVector inverseE = ofF.mul(inverse);
            FloatVector inverseF = ofE.mul(inverse);
            FloatVector q = e.mul(e1).mul(inverseE); // log1p(e) = 2 atanh(q), q = e / (2 + e)
            FloatVector r = f.mul(f1).mul(inverseF);
            FloatVector q2 = q.mul(q);
            FloatVector r2 = r.mul(r);
            FloatVector p = c11.fma(q2, c9).fma(q2, c7).fma(q2, c5).fma(q2, c3).fma(q2, one);
            FloatVector o = c11.fma(r2, c9).fma(r2, c7).fma(r2, c5).fma(r2, c3).fma(r2, one);
            loss = loss.add(l.max(0f).add(k.max(0f)).mul(0.5f)).add(p.mul(q).add(o.mul(r)));
            FloatVector g = e.blend(one, l.compare(GE, 0f))
                    .mul(e2)
                    .mul(inverseE)
                    .add(f.blend(one, k.compare(GE, 0f)).mul(f2).mul(inverseF))
                    .mul(0.5f);
            gradientBySimilarity = g.fma(s, gradientBySimilarity);
            g.mul(t).intoArray(values, from + i);
        }
        sums[LOSS] += sum(loss, used);
        sums[GRADIENT_BY_SIMILARITY] += sum(gradientBySimilarity, used);
    }

    @Override
    public double addExponentials(float[] values, int from, int count, float scale, int shift, float[] columnSums) {
        int whole = S.loopBound(count);
        double sum = addExponentialVectors(values, from, whole, LENGTH, scale, shift, columnSums);
        if (whole < count) {
            int rest = count - whole;
            loadTail(values, from + whole, rest);
            System.arraycopy(columnSums, whole, tailSums, 0, rest);
            sum += addExponentialVectors(tail, 0, LENGTH, rest, scale, shift, tailSums);
            System.arraycopy(tailSums, 0, columnSums, whole, rest);
        }
        return sum;
    }

    private double addExponentialVectors(
            float[] values, int from, int count, int used, float scale, int shift, float[] columnSums) {
        FloatVector t = all(scale);
        FloatVector least = all(ElementwiseKernel.octaves(shift + LEAST_OCTAVES));
        FloatVector most = all(ElementwiseKernel.octaves(shift + MOST_OCTAVES));
        IntVector power = exponentBits(-shift);
        FloatVector sum = all(0f);
        for (int i = 0; i < count; i += LENGTH) {
            FloatVector l = FloatVector.fromArray(S, values, from + i).mul(t);
            FloatVector e = exp(l.max(least).min(most), power);
            sum = sum.add(e);
            FloatVector.fromArray(S, columnSums, i).add(e).intoArray(columnSums, i);
        }
        return sum(sum, used);
    }

    /** The bits of {@code 2^exponent}. */
    private static IntVector exponentBits(int exponent) {
        return EXPONENT_OF_ONE.add(exponent << 23);
    }

    @Override
    public double softmaxGradient(
            float[] values, int from, int count, float scale, int shift, float rowFactor, float[] columnFactors) {
        int whole = S.loopBound(count);
        double sum = softmaxGradientVectors(values, from, whole, LENGTH, scale, shift, rowFactor, columnFactors);
        if (whole < count) {
            int rest = count - whole;
            loadTail(values, from + whole, rest);
            System.arraycopy(columnFactors, whole, tailSums, 0, rest);
            sum += softmaxGradientVectors(tail, 0, LENGTH, rest, scale, shift, rowFactor, tailSums);
            System.arraycopy(tail, 0, values, from + whole, rest);
        }
        return sum;
    }

    private double softmaxGradientVectors(
            float[] values,
            int from,
            int count,
            int used,
            float scale,
            int shift,
            float rowFactor,
            float[] columnFactors) {
        FloatVector t = all(scale);
        FloatVector least = all(ElementwiseKernel.octaves(shift + LEAST_OCTAVES));
        FloatVector most = all(ElementwiseKernel.octaves(shift + MOST_OCTAVES));
        IntVector power = exponentBits(-shift);
        FloatVector row = all(rowFactor);
        FloatVector sum = all(0f);
        for (int i = 0; i < count; i += LENGTH) {
            FloatVector s = FloatVector.fromArray(S, values, from + i);
            FloatVector e = exp(s.mul(t).max(least).min(most), power);
            FloatVector g = FloatVector.fromArray(S, columnFactors, i).add(row).mul(e);
            sum = g.fma(s, sum);
            g.mul(t).intoArray(values, from + i);
        }
        return sum(sum, used);
    }

    @Override
    public float scaleAndMax(float[] values, int from, int count, float scale, float[] columnMaxima) {
        int whole = S.loopBound(count);
        FloatVector t = all(scale);
        FloatVector max = all(Float.NEGATIVE_INFINITY);
        for (int i = 0; i < whole; i += LENGTH) {
            FloatVector l = FloatVector.fromArray(S, values, from + i).mul(t);
            l.intoArray(values, from + i);
            max = max.max(l);
            FloatVector.fromArray(S, columnMaxima, i).max(l).intoArray(columnMaxima, i);
        }
        max.intoArray(lanes, 0);
        float greatest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < LENGTH; i++) {
            greatest = Math.max(greatest, lanes[i]);
        }
        for (int i = whole; i < count; i++) {
            float l = values[from + i] * scale;
            values[from + i] = l;
            greatest = Math.max(greatest, l);
            columnMaxima[i] = Math.max(columnMaxima[i], l);
        }
        return greatest;
    }

    @Override
    public double addExponentials(
            float[] values, int from, int count, float rowMax, float[] columnMaxima, float[] columnSums) {
        int whole = S.loopBound(count);
        double sum = addExponentialVectors(values, from, whole, LENGTH, rowMax, columnMaxima, columnSums);
        if (whole < count) {
            int rest = count - whole;
            loadTail(values, from + whole, rest);
            System.arraycopy(columnMaxima, whole, tailMaxima, 0, rest);
            System.arraycopy(columnSums, whole, tailSums, 0, rest);
            sum += addExponentialVectors(tail, 0, LENGTH, rest, rowMax, tailMaxima, tailSums);
            System.arraycopy(tailSums, 0, columnSums, whole, rest);
        }
        return sum;
    }

    private double addExponentialVectors(
            float[] values, int from, int count, int used, float rowMax, float[] columnMaxima, float[] columnSums) {
        FloatVector m = all(rowMax);
        FloatVector sum = all(0f);
        for (int i = 0; i < count; i += LENGTH) {
            FloatVector l = FloatVector.fromArray(S, values, from + i);
            sum = sum.add(exp(l.sub(m)));
            FloatVector.fromArray(S, columnSums, i)
                    .add(exp(l.sub(FloatVector.fromArray(S, columnMaxima, i))))
                    .intoArray(columnSums, i);
        }
        return sum(sum, used);
    }

    @Override
    public double softmaxGradient(
            float[] values, int from, int count, float scale, float rowLogSum, float[] columnLogSums) {
        int whole = S.loopBound(count);
        double sum = softmaxGradientVectors(values, from, whole, LENGTH, scale, rowLogSum, columnLogSums);
        if (whole < count) {
            int rest = count - whole;
            loadTail(values, from + whole, rest);
            System.arraycopy(columnLogSums, whole, tailMaxima, 0, rest);
            sum += softmaxGradientVectors(tail, 0, LENGTH, rest, scale, rowLogSum, tailMaxima);
            System.arraycopy(tail, 0, values, from + whole, rest);
        }
        return sum;
    }

    private double softmaxGradientVectors(
            float[] values, int from, int count, int used, float scale, float rowLogSum, float[] columnLogSums) {
        FloatVector t = all(scale);
        FloatVector row = all(rowLogSum);
        FloatVector sum = all(0f);
        for (int i = 0; i < count; i += LENGTH) {
            FloatVector s = FloatVector.fromArray(S, values, from + i);
            FloatVector l = s.mul(t);
            FloatVector g = exp(l.sub(row))
                    .add(exp(l.sub(FloatVector.fromArray(S, columnLogSums, i))))
                    .mul(0.5f);
            sum = g.fma(s, sum);
            g.mul(t).intoArray(values, from + i);
        }
        return sum(sum, used);
    }
}
