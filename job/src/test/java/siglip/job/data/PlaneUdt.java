package siglip.job.data;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.SQLUserDefinedType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;

/** A vector type of a user's own that is stored as Spark's is, and whose class is on the class path. */
public final class PlaneUdt extends UserDefinedType<PlaneUdt.Plane> {
    /** A vector of two numbers. */
    @SQLUserDefinedType(udt = PlaneUdt.class)
    public record Plane(double x, double y) {}

    @Override
    public DataType sqlType() {
        return new StructType()
                .add("type", DataTypes.ByteType, false)
                .add("size", DataTypes.IntegerType)
                .add("indices", DataTypes.createArrayType(DataTypes.IntegerType, false))
                .add("values", DataTypes.createArrayType(DataTypes.DoubleType, false));
    }

    @Override
    public InternalRow serialize(Plane plane) {
        return new GenericInternalRow(
                new Object[] {(byte) 1, null, null, new GenericArrayData(new double[] {plane.x(), plane.y()})});
    }

    @Override
    public Plane deserialize(Object stored) {
        double[] values = ((InternalRow) stored).getArray(3).toDoubleArray();
        return new Plane(values[0], values[1]);
    }

    @Override
    public Class<Plane> userClass() {
        return Plane.class;
    }
}
