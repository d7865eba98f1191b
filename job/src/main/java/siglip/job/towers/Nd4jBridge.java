package siglip.job.towers;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;
import siglip.kernels.blas.Matrix;

/** Copies between our matrices and ND4J's arrays, in bulk; and keeps ND4J to one thread. */
public final class Nd4jBridge {
    private Nd4jBridge() {}

    /** Keeps ND4J's operators and products on the calling thread: more OpenMP threads make DL4J slower, and the cores belong to other ranks. */
    public static void useOneThread() {
        Nd4j.factory().blas().setMaxThreads(1); // first: it is Nd4j that finds the backend the holder wants
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(1);
    }

    /** A new array of the matrix' shape and values; the caller closes it. */
    public static INDArray array(Matrix from) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, from.rows(), from.columns());
        write(from, array);
        return array;
    }

    /** A new array of the shape {@code rows x width}; the caller closes it. */
    public static INDArray array(float[] values, int rows, int width) {
        INDArray array = Nd4j.createUninitialized(DataType.FLOAT, rows, width);
        floats(array).put(values, 0, rows * width);
        return array;
    }

    /** Overwrites an array that is contiguous in row order, or a vector. */
    static void write(Matrix from, INDArray to) {
        floats(to).put(from.floats());
    }

    /** Values in row order, copied. */
    public static float[] read(INDArray from) {
        INDArray plain = plain(from);
        float[] values = new float[Math.toIntExact(plain.length())];
        floats(plain).get(values);
        return values;
    }

    /** Values in row order, copied over {@code to}. */
    public static void read(INDArray from, Matrix to) {
        to.floats().put(floats(plain(from)));
    }

    /** The array itself if its values lie in row order from the start of its buffer, otherwise a copy that does. */
    private static INDArray plain(INDArray array) {
        boolean vector = array.length() == array.size(-1);
        return array.offset() == 0 && !array.isView() && (array.ordering() == 'c' || vector) ? array : array.dup('c');
    }

    private static FloatBuffer floats(INDArray array) {
        if (array.dataType() != DataType.FLOAT) { // its memory would be read as something else
            throw new IllegalArgumentException("an array is of type %s, not FLOAT".formatted(array.dataType()));
        }
        FloatPointer pointer = new FloatPointer(array.data().pointer());
        return pointer.position(0).limit(array.length()).asBuffer();
    }
}
