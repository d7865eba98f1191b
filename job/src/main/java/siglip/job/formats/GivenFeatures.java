package siglip.job.formats;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** How a column of given features is stored, and how a cell of it is read. */
public enum GivenFeatures {
    FLOATS {
        @Override
        public float[] read(InternalRow row, int column) {
            ArrayData cell = row.getArray(column);
            float[] values = cell.toFloatArray();
            markNulls(cell, values);
            return values;
        }
    },
    DOUBLES {
        @Override
        public float[] read(InternalRow row, int column) {
            ArrayData cell = row.getArray(column);
            float[] values = narrow(cell.toDoubleArray());
            markNulls(cell, values);
            return values;
        }
    },
    /** Little-endian float32, one after another. */
    BINARY {
        @Override
        public float[] read(InternalRow row, int column) {
            byte[] cell = row.getBinary(column);
            float[] values = new float[cell.length / Float.BYTES];
            ByteBuffer.wrap(cell).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            return cell.length % Float.BYTES == 0 ? values : new float[0]; // no width that anything expects
        }
    },
    /** What Spark's VectorUDT is in a file: sparse (0) or dense (1), size, indices, values. */
    VECTOR {
        @Override
        public float[] read(InternalRow row, int column) {
            InternalRow cell = row.getStruct(column, VECTOR_FIELDS.size());
            float[] values = narrow(cell.getArray(3).toDoubleArray());
            if (cell.getByte(0) == 1) {
                return values;
            }
            float[] dense = new float[cell.getInt(1)];
            int[] indices = cell.getArray(2).toIntArray();
            for (int i = 0; i < indices.length; i++) {
                if (indices[i] < 0 || indices[i] >= dense.length || i >= values.length) {
                    return new float[0]; // no width that anything expects
                }
                dense[indices[i]] = values[i];
            }
            return dense;
        }
    };

    private static final List<String> VECTOR_FIELDS = List.of("type", "size", "indices", "values");

    /** The features of a cell that is not null; NaN where the cell holds a null. */
    public abstract float[] read(InternalRow row, int column);

    /** The features of a cell that is not null, if a model can take them. */
    float[] readValid(InternalRow row, int column, String what) throws InvalidRow {
        float[] features = read(row, column);
        if (features.length == 0) {
            throw new InvalidRow(what + " features are empty or cut off");
        }
        boolean zero = true;
        for (float value : features) {
            if (!Float.isFinite(value)) {
                throw new InvalidRow(what + " features hold a null, NaN or infinity");
            }
            zero &= value == 0;
        }
        if (zero) {
            throw new InvalidRow(what + " features are all zero");
        }
        return features;
    }

    /** How features of this type of column are read; empty if it cannot hold features. */
    public static Optional<GivenFeatures> of(DataType type) {
        if (type instanceof BinaryType) {
            return Optional.of(BINARY);
        }
        if (type instanceof ArrayType array) {
            if (array.elementType().equals(DataTypes.FloatType)) {
                return Optional.of(FLOATS);
            }
            return array.elementType().equals(DataTypes.DoubleType) ? Optional.of(DOUBLES) : Optional.empty();
        }
        if (type instanceof StructType struct
                && Arrays.asList(struct.fieldNames()).equals(VECTOR_FIELDS)
                && struct.apply("type").dataType().equals(DataTypes.ByteType)) {
            return Optional.of(VECTOR);
        }
        return Optional.empty();
    }

    private static void markNulls(ArrayData cell, float[] values) {
        for (int i = 0; i < values.length; i++) {
            if (cell.isNullAt(i)) {
                values[i] = Float.NaN;
            }
        }
    }

    private static float[] narrow(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }
}
