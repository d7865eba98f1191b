package siglip.kernels.simd;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.LE;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.OR;
import static jdk.incubator.vector.VectorOperators.XOR;
import static siglip.kernels.ElementwiseKernel.LEAST_PRESENT;
import static siglip.kernels.ElementwiseKernel.PRESENT;
import static siglip.kernels.ElementwiseKernel.PRESENT_SIMILARITY;

import java.lang.constant.ConstantDescs;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import siglip.kernels.ElementwiseKernel;

/** The passes over negatives on the Vector API, at the width in the class data, as {@link VectorKernel}. What is left after the last whole vector is done one by one. */
final class VectorNegatives implements ElementwiseKernel.Negatives {
    private static final int BITS = classData();
    private static final VectorSpecies<Float> S = VectorSpecies.of(float.class, VectorShape.forBitSize(BITS));
    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, VectorShape.forBitSize(BITS));
    private static final int LENGTH = S.length();
    private static final FloatVector ONE = all(1f);

    private final float[] lanes = new float[LENGTH];

    VectorNegatives() {}

    private static int classData() {
        try {
            return MethodHandles.classData(MethodHandles.lookup(), ConstantDescs.DEFAULT_NAME, Integer.class);
        } catch (IllegalAccessException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static FloatVector all(float value) {
        return FloatVector.broadcast(S, value);
    }

    private double sum(FloatVector partial) {
        partial.intoArray(lanes, 0);
        double sum = 0;
        for (float lane : lanes) {
            sum += lane;
        }
        return sum;
    }

    @Override
    public void keepDrawn(
            float[] values, int from, int count, int rowKey, int[] columnKeys, float share, float absent) {
        int whole = S.loopBound(count);
        FloatVector gone = all(absent);
        FloatVector most = all(share);
        for (int i = 0; i < whole; i += LENGTH) {
            IntVector h = IntVector.fromArray(INTS, columnKeys, i).add(rowKey);
            h = h.lanewise(XOR, h.lanewise(LSHR, 16)).mul(0x7feb352d);
            h = h.lanewise(XOR, h.lanewise(LSHR, 15)).mul(0x846ca68b);
            h = h.lanewise(XOR, h.lanewise(LSHR, 16));
            FloatVector u = h.lanewise(LSHR, 9)
                    .lanewise(OR, 0x3f800000)
                    .reinterpretAsFloats()
                    .sub(1f);
            FloatVector s = FloatVector.fromArray(S, values, from + i);
            s.blend(gone, u.compare(GE, most)).intoArray(values, from + i);
        }
        for (int i = whole; i < count; i++) {
            values[from + i] = ElementwiseKernel.uniform(rowKey + columnKeys[i]) < share ? values[from + i] : absent;
        }
    }

    @Override
    public void keepWithin(float[] values, int from, int count, float least, float limit, float absent) {
        int whole = S.loopBound(count);
        FloatVector gone = all(absent);
        FloatVector low = all(least);
        FloatVector high = all(limit);
        for (int i = from; i < from + whole; i += LENGTH) {
            FloatVector s = FloatVector.fromArray(S, values, i);
            s.blend(gone, s.compare(LT, low)).blend(gone, s.compare(GE, high)).intoArray(values, i);
        }
        for (int i = from + whole; i < from + count; i++) {
            values[i] = values[i] < least || values[i] >= limit ? absent : values[i];
        }
    }

    @Override
    public void addPresent(float[] values, int from, int count, double[] sums) {
        int whole = S.loopBound(count);
        FloatVector least = all(LEAST_PRESENT);
        FloatVector zero = all(0f);
        FloatVector number = zero;
        FloatVector sum = zero;
        for (int i = from; i < from + whole; i += LENGTH) {
            FloatVector s = FloatVector.fromArray(S, values, i);
            number = number.add(ONE.blend(zero, s.compare(LE, least)));
            sum = sum.add(s.blend(zero, s.compare(LE, least)));
        }
        sums[PRESENT] += sum(number);
        sums[PRESENT_SIMILARITY] += sum(sum);
        for (int i = from + whole; i < from + count; i++) {
            if (!(values[i] <= LEAST_PRESENT)) {
                sums[PRESENT]++;
                sums[PRESENT_SIMILARITY] += values[i];
            }
        }
    }

    @Override
    public double addSquares(float[] values, int from, int count, float target, float factor, float[] derivatives) {
        int whole = S.loopBound(count);
        FloatVector least = all(LEAST_PRESENT);
        FloatVector zero = all(0f);
        FloatVector at = all(target);
        FloatVector by = all(factor);
        FloatVector squares = zero;
        for (int i = 0; i < whole; i += LENGTH) {
            FloatVector s = FloatVector.fromArray(S, values, from + i);
            FloatVector d = s.sub(at).blend(zero, s.compare(LE, least));
            squares = d.fma(d, squares);
            d.mul(by).intoArray(derivatives, i);
        }
        double sum = sum(squares);
        for (int i = whole; i < count; i++) {
            float d = values[from + i] <= LEAST_PRESENT ? 0 : values[from + i] - target;
            derivatives[i] = factor * d;
            sum += (double) d * d;
        }
        return sum;
    }
}
