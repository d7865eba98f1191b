package siglip.job.formats;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import siglip.job.features.Half;

/** How a column of given features is stored, and how a cell of it is read. */
public enum GivenFeatures {
    FLOATS {
        @Override
        public float[] read(SpecializedGetters row, int column) {
            ArrayData cell = row.getArray(column);
            float[] values = cell.toFloatArray();
            markNulls(cell, values);
            return values;
        }
    },
    DOUBLES {
        @Override
        public float[] read(SpecializedGetters row, int column) {
            ArrayData cell = row.getArray(column);
            float[] values = narrow(cell.toDoubleArray());
            markNulls(cell, values);
            return values;
        }
    },
    /** Whole numbers of 8 or 16 bits, as quantised embeddings are kept: read as the numbers that they are, without a scale. */
    BYTES {
        @Override
        public float[] read(SpecializedGetters row, int column) {
            ArrayData cell = row.getArray(column);
            float[] values = new float[cell.numElements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = cell.isNullAt(i) ? Float.NaN : cell.getByte(i);
            }
            return values;
        }
    },
    SHORTS {
        @Override
        public float[] read(SpecializedGetters row, int column) {
            ArrayData cell = row.getArray(column);
            float[] values = new float[cell.numElements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = cell.isNullAt(i) ? Float.NaN : cell.getShort(i);
            }
            return values;
        }
    },
    /** Little-endian float16, two bytes an element: what a list of them is in Parquet. */
    HALVES {
        @Override
        public float[] read(SpecializedGetters row, int column) {
            ArrayData cell = row.getArray(column);
            float[] values = new float[cell.numElements()];
            for (int i = 0; i < values.length; i++) {
                byte[] half = cell.isNullAt(i) ? NAN : cell.getBinary(i);
                if (half.length != NAN.length) {
                    return new float[0]; // no width that anything expects
                }
                values[i] = Half.toFloat((short) ((half[0] & 255) | (half[1] << 8)));
            }
            return values;
        }
    },
    /** Little-endian float32, one after another. */
    BINARY {
        @Override
        public float[] read(SpecializedGetters row, int column) {
            byte[] cell = row.getBinary(column);
            float[] values = new float[cell.length / Float.BYTES];
            ByteBuffer.wrap(cell).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            return cell.length % Float.BYTES == 0 ? values : new float[0]; // no width that anything expects
        }
    },
    /** What Spark's VectorUDT is in a file: sparse (0) or dense (1), size, indices, values. */
    VECTOR {
        @Override
        public float[] read(SpecializedGetters row, int column) {
            InternalRow cell = row.getStruct(column, VECTOR_FIELDS.size());
            if (cell.isNullAt(3) || (cell.getByte(0) == 0 && cell.isNullAt(2))) {
                return new float[0]; // no width that anything expects
            }
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

    private static final Map<DataType, GivenFeatures> BY_ELEMENT = Map.of(
            DataTypes.FloatType, FLOATS,
            DataTypes.DoubleType, DOUBLES,
            DataTypes.ByteType, BYTES,
            DataTypes.ShortType, SHORTS,
            DataTypes.BinaryType, HALVES);

    /** What a column of features may be, for messages. */
    public static final String TYPES =
            "an array of float, double, float16 or whole numbers of 8 or 16 bits, binary float32, or Spark's vector";

    private static final byte[] NAN = {0, 0x7E}; // in float16
    private static final List<String> VECTOR_FIELDS = List.of("type", "size", "indices", "values");

    /** The features of a cell that is not null; NaN where the cell holds a null. */
    public abstract float[] read(SpecializedGetters row, int column);

    /** The features of a cell that is not null, if a model can take them. */
    float[] readValid(SpecializedGetters row, int column, String what) throws InvalidRow {
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
            return Optional.ofNullable(BY_ELEMENT.get(array.elementType()));
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
