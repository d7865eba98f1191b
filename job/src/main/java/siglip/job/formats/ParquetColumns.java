package siglip.job.formats;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of all files of a data set. A column need not be in every file: its cells are null in the others.
 *
 * @param types the columns that can be read, in the order in which files have them
 * @param unreadable the others: why, and what would do
 * @param rowBytes mean uncompressed bytes of a row, where they are most
 * @param split columns that are encoded as BYTE_STREAM_SPLIT in some file
 */
record ParquetColumns(StructType types, Map<String, String> unreadable, Map<String, Long> rowBytes, Set<String> split) {
    private static final List<DataType> WHOLE =
            List.of(DataTypes.ByteType, DataTypes.ShortType, DataTypes.IntegerType, DataTypes.LongType);
    private static final List<DataType> FLOATING = List.of(DataTypes.FloatType, DataTypes.DoubleType);

    static ParquetColumns of(List<ParquetFooter> footers) {
        Map<String, DataType> types = new LinkedHashMap<>();
        Map<String, String> first = new HashMap<>(); // the file that has the column first
        Map<String, String> unreadable = new TreeMap<>();
        Map<String, Long> rowBytes = new HashMap<>();
        Set<String> split = new HashSet<>();
        Set<String> onlyNulls = new HashSet<>();
        for (ParquetFooter footer : footers) {
            footer.unreadable().forEach(unreadable::putIfAbsent);
            onlyNulls.addAll(footer.onlyNulls());
            footer.columns().forEach((name, stored) -> {
                String file = footer.file().name();
                DataType known = types.putIfAbsent(name, stored.type());
                first.putIfAbsent(name, file);
                if (known != null) {
                    Optional<DataType> common = common(known, stored.type());
                    common.ifPresentOrElse(
                            wider -> types.put(name, wider),
                            () -> unreadable.putIfAbsent(
                                    name,
                                    "is %s in %s and %s in %s; write both as one type"
                                            .formatted(
                                                    known.simpleString(),
                                                    first.get(name),
                                                    stored.type().simpleString(),
                                                    file)));
                }
                rowBytes.merge(name, stored.rowBytes(), Math::max);
                if (stored.split()) {
                    split.add(name);
                }
            });
        }
        onlyNulls.removeAll(types.keySet());
        onlyNulls.forEach(name -> unreadable.putIfAbsent(name, "holds nothing but nulls, and has no type"));
        types.keySet().removeAll(unreadable.keySet());
        StructType schema = DataTypes.createStructType(types.entrySet().stream()
                .map(column -> DataTypes.createStructField(column.getKey(), column.getValue(), true))
                .toList());
        return new ParquetColumns(schema, unreadable, rowBytes, split);
    }

    /** Whether two columns, or two fields of a struct, have names that differ in case alone. */
    static boolean differInCaseAlone(DataType type) {
        if (type instanceof ArrayType array) {
            return differInCaseAlone(array.elementType());
        }
        if (!(type instanceof StructType struct)) {
            return false;
        }
        Set<String> names = new HashSet<>();
        return Arrays.stream(struct.fields())
                .anyMatch(field ->
                        !names.add(field.name().toLowerCase(Locale.ROOT)) || differInCaseAlone(field.dataType()));
    }

    /** The type that holds the values of both exactly; empty if there is none, or the one is no kind of the other. */
    static Optional<DataType> common(DataType one, DataType other) {
        if (one.equals(other)) {
            return Optional.of(one);
        }
        for (List<DataType> kind : List.of(WHOLE, FLOATING)) {
            if (kind.contains(one) && kind.contains(other)) {
                return Optional.of(kind.get(Math.max(kind.indexOf(one), kind.indexOf(other))));
            }
        }
        if (one instanceof ArrayType a && other instanceof ArrayType b) {
            return common(a.elementType(), b.elementType()).map(DataTypes::createArrayType);
        }
        if (one instanceof StructType a
                && other instanceof StructType b
                && Arrays.equals(a.fieldNames(), b.fieldNames())) {
            StructType both = new StructType();
            for (String name : a.fieldNames()) {
                Optional<DataType> field =
                        common(a.apply(name).dataType(), b.apply(name).dataType());
                if (field.isEmpty()) {
                    return Optional.empty();
                }
                both = both.add(name, field.get());
            }
            return Optional.of(both);
        }
        return Optional.empty();
    }
}
