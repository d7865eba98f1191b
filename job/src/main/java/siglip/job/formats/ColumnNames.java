package siglip.job.formats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAttribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.collection.JavaConverters;
import siglip.job.config.NearestName;

/**
 * Finds the columns that settings name. A name is a column's own, whatever characters are in it, or else a path into structs as Spark SQL writes it:
 * {@code meta.class}, and with backticks {@code meta.`class.name`} for a field whose name holds a dot.
 */
public final class ColumnNames {
    /**
     * A column of a table, or a field within one.
     *
     * @param column its values
     * @param type of a value
     */
    public record Found(Column column, DataType type) {
        /** The field of this very name; empty if this is no struct, or has no such field. */
        Optional<Found> field(String name) {
            return type instanceof StructType struct
                            && Arrays.asList(struct.fieldNames()).contains(name)
                    ? Optional.of(
                            new Found(column.getField(name), struct.apply(name).dataType()))
                    : Optional.empty();
        }
    }

    private static final int MOST_LISTED = 60;

    private final StructType schema;
    private final Map<String, String> unreadable;
    private final boolean caseCounts;

    private ColumnNames(StructType schema, Map<String, String> unreadable, boolean caseCounts) {
        this.schema = schema;
        this.unreadable = unreadable;
        this.caseCounts = caseCounts;
    }

    /** Makes names count with their case from now on, if those of some columns, or of fields of a struct, differ in it alone. */
    static void tellApart(SparkSession session, StructType columns) {
        if (ParquetColumns.differInCaseAlone(columns)) {
            session.conf().set("spark.sql.caseSensitive", true);
        }
    }

    /** Those of some columns that are named; in another case too where none is named exactly, for SQL does not mind it. */
    static StructType only(StructType columns, List<String> names) {
        Set<String> known = Set.of(columns.fieldNames());
        return new StructType(Arrays.stream(DataRows.withoutOwn(columns).fields())
                .filter(field -> names.stream()
                        .anyMatch(name -> name.equals(field.name())
                                || (!known.contains(name) && name.equalsIgnoreCase(field.name()))))
                .toArray(StructField[]::new));
    }

    /** Columns of strings. */
    static StructType ofStrings(Collection<String> names) {
        return DataTypes.createStructType(names.stream()
                .map(name -> DataTypes.createStructField(name, DataTypes.StringType, true))
                .toList());
    }

    /** Whether names count with their case. */
    static boolean caseCounts(SparkSession session) {
        return session.sessionState().conf().caseSensitiveAnalysis();
    }

    /** The names of a data set. */
    public static ColumnNames of(DataRows data) {
        return new ColumnNames(
                data.schema(), data.unreadable(), caseCounts(data.table().sparkSession()));
    }

    /** The column or field of this name, if there is one and it can be read. */
    public Optional<Found> find(String name) {
        if (has(name)) {
            return Optional.of(column(name));
        }
        List<String> path = path(name);
        if (path.isEmpty() || !has(path.get(0))) {
            return Optional.empty();
        }
        Optional<Found> found = Optional.of(column(path.get(0)));
        for (String field : path.subList(1, path.size())) {
            found = found.flatMap(outer -> outer.field(field));
        }
        return found;
    }

    /** Why the column of this name cannot be read; empty if that is not what is wrong with it. */
    Optional<String> fault(String name) {
        return columns(name).stream()
                .filter(unreadable::containsKey)
                .findFirst()
                .map(unreadable::get);
    }

    /**
     * Why {@link #find} finds nothing, as a clause of a message.
     *
     * @param setting what gives the name
     */
    public String whyNot(String name, String setting) {
        Optional<String> fault = fault(name);
        if (fault.isPresent()) {
            return "column '%s' (%s) %s".formatted(name, setting, fault.get());
        }
        return "no column '%s' (%s)%s%s"
                .formatted(
                        name,
                        setting,
                        path(name).isEmpty() ? ", nor a path: backticks go round a whole name, as in `a.b`.c" : "",
                        NearestName.hint(
                                name,
                                Stream.concat(paths(), unreadable.keySet().stream())
                                        .toList()));
    }

    /** The names that a predicate or another expression of SQL speaks of; none if it cannot be parsed. */
    static List<String> in(SparkSession spark, String sql) {
        try {
            List<String> names = new ArrayList<>();
            collect(spark.sessionState().sqlParser().parseExpression(sql), names);
            return names;
        } catch (ParseException e) {
            return List.of();
        }
    }

    private static void collect(Expression expression, List<String> names) {
        if (expression instanceof UnresolvedAttribute attribute) {
            names.add(JavaConverters.seqAsJavaList(attribute.nameParts()).stream()
                    .map(ColumnNames::inPath)
                    .collect(Collectors.joining(".")));
        }
        JavaConverters.seqAsJavaList(expression.children()).forEach(child -> collect(child, names));
    }

    /** What is wrong with the first of some names of SQL that do not speak of one column; empty if each does. */
    Optional<String> unknown(List<String> sql, String setting) {
        return sql.stream()
                .filter(name -> columns(name).stream().noneMatch(this::has))
                .flatMap(name -> unknown(name, setting).stream())
                .findFirst()
                .map(why -> "%s. Its columns are %s".formatted(why, listed()));
    }

    /** The same for a name that no column has in this very case. */
    private Optional<String> unknown(String name, String setting) {
        List<String> alike = columns(name).stream()
                .flatMap(column -> Arrays.stream(schema.fieldNames()).filter(column::equalsIgnoreCase))
                .distinct()
                .toList();
        if (alike.isEmpty()) {
            return Optional.of(whyNot(name, setting));
        }
        return caseCounts
                ? Optional.of("no column '%s' (%s), but %s: the case counts, as some names differ in it alone"
                        .formatted(name, setting, String.join(" and ", alike)))
                : Optional.empty();
    }

    /** All columns with their types, for messages. */
    public String listed() {
        List<String> columns = Stream.concat(
                        Arrays.stream(schema.fields())
                                .map(field ->
                                        field.name() + " " + field.dataType().simpleString()),
                        unreadable.keySet().stream().sorted().map(name -> name + " (cannot be read)"))
                .toList();
        return columns.size() <= MOST_LISTED
                ? String.join(", ", columns)
                : String.join(", ", columns.subList(0, MOST_LISTED))
                        + " and %d more".formatted(columns.size() - MOST_LISTED);
    }

    /** The columns that names may speak of, whether they are there or not. */
    public static List<String> columns(List<String> names) {
        return names.stream().flatMap(name -> columns(name).stream()).distinct().toList();
    }

    /** The one of that name, or the one that its path begins with. */
    private static List<String> columns(String name) {
        return Stream.concat(Stream.of(name), path(name).stream().limit(1)).toList();
    }

    private boolean has(String column) {
        return Arrays.asList(schema.fieldNames()).contains(column);
    }

    private Found column(String name) {
        return new Found(functions.col(quoted(name)), schema.apply(name).dataType());
    }

    /** Every column and field, as a setting would name it. */
    private Stream<String> paths() {
        return Arrays.stream(schema.fields())
                .flatMap(field -> Stream.concat(Stream.of(field.name()), fields(inPath(field.name()), field)));
    }

    private static Stream<String> fields(String outer, StructField field) {
        return field.dataType() instanceof StructType struct
                ? Arrays.stream(struct.fields()).flatMap(inner -> {
                    String path = outer + "." + inPath(inner.name());
                    return Stream.concat(Stream.of(path), fields(path, inner));
                })
                : Stream.empty();
    }

    private static String inPath(String name) {
        return name.contains(".") || name.contains("`") ? quoted(name) : name;
    }

    static String quoted(String name) {
        return "`" + name.replace("`", "``") + "`";
    }

    /** The column of this very name, whatever characters are in it. */
    static Column named(String name) {
        return functions.col(quoted(name));
    }

    /** The parts of a path; none if the name is no path. */
    private static List<String> path(String name) {
        try {
            return new ArrayList<>(JavaConverters.seqAsJavaList(UnresolvedAttribute.parseAttributeName(name)));
        } catch (Exception e) {
            if (e instanceof AnalysisException) { // checked in Scala alone
                return List.of();
            }
            throw e;
        }
    }
}
