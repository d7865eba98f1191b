package siglip.job.formats;

import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * A column of a table, or a field within one.
 *
 * @param column its values
 * @param type of a value
 */
public record FoundColumn(Column column, DataType type) {
    /** The field of this very name; empty if this is no struct, or has no such field. */
    Optional<FoundColumn> field(String name) {
        return type instanceof StructType struct
                        && Arrays.asList(struct.fieldNames()).contains(name)
                ? Optional.of(new FoundColumn(
                        column.getField(name), struct.apply(name).dataType()))
                : Optional.empty();
    }
}
