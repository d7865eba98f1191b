package siglip.job.formats;

import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;

import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import siglip.job.files.FoundFiles;

/**
 * Reads Parquet files as one table.
 *
 * @param used the columns of the table, apart from those that the names of folders give
 * @param place name of one more column: a struct of {@code file_path}, {@code file_name} and {@code row_index}
 * @param byOurselves whether Spark's reader can open none of the files
 */
record ParquetTable(SparkSession session, FoundFiles input, StructType used, String place, boolean byOurselves) {
    private static final Pattern COLUMN_OF_FOLDER = Pattern.compile("([^/=]+)=[^/]*/");

    /** Files that can be read together: of the same types. */
    private record Kind(StructType types, boolean isNew) {}

    Dataset<Row> rows(List<ParquetFooter> footers) {
        Map<Kind, List<String>> kinds = footers.stream()
                .collect(Collectors.groupingBy(
                        footer -> new Kind(types(footer), isNew(footer)),
                        LinkedHashMap::new,
                        Collectors.mapping(footer -> footer.file().uri(), Collectors.toList())));
        List<Dataset<Row>> tables = new ArrayList<>();
        kinds.forEach(
                (kind, uris) -> tables.add(kind.isNew() ? newFiles(kind.types(), uris) : sparks(kind.types(), uris)));
        return tables.stream()
                .reduce((one, other) -> one.unionByName(other, true))
                .orElseThrow();
    }

    private boolean isNew(ParquetFooter footer) {
        return byOurselves || footer.isNew();
    }

    /** The columns that the names of folders would give to files that Spark cannot open. */
    Set<String> ofFolders(List<ParquetFooter> footers) {
        return footers.stream()
                .filter(this::isNew)
                .flatMap(footer -> ofFolders(footer).stream())
                .collect(Collectors.toSet());
    }

    /** The columns that the names of a file's folders give, such as {@code day} for {@code day=1/part-0.parquet}. */
    private static List<String> ofFolders(ParquetFooter footer) {
        return COLUMN_OF_FOLDER
                .matcher(footer.file().name())
                .results()
                .map(folder -> folder.group(1))
                .toList();
    }

    /** Spark would leave out files that lie beside or above folders of a column, without a word. */
    static void refuseUnevenFolders(String path, List<ParquetFooter> footers) {
        ParquetFooter first = footers.get(0);
        for (ParquetFooter other : footers) {
            if (!ofFolders(other).equals(ofFolders(first))) {
                throw new DataException(
                        "Cannot read pairs from %s: names of folders give %s the columns %s, and %s the columns %s. Move the files so that all lie in such folders, or none"
                                .formatted(
                                        path,
                                        first.file().name(),
                                        ofFolders(first),
                                        other.file().name(),
                                        ofFolders(other)));
            }
        }
    }

    /** The columns that a file has, with its own types. */
    private StructType types(ParquetFooter footer) {
        StructType own = new StructType();
        for (String name : used.fieldNames()) {
            if (footer.columns().containsKey(name)) {
                own = own.add(name, footer.columns().get(name).type());
            }
        }
        return own;
    }

    private Dataset<Row> sparks(StructType types, List<String> uris) {
        Dataset<Row> table = session.read()
                .schema(types)
                .option("basePath", input.base())
                .option("__globPaths__", false) // names of files are no patterns
                .parquet(uris.stream()
                        .map(uri -> new Path(URI.create(uri)).toString())
                        .toArray(String[]::new));
        Column metadata = table.metadataColumn("_metadata");
        Stream<String> ofFolders = Stream.of(table.columns())
                .filter(name -> !List.of(types.fieldNames()).contains(name));
        return select(table, types, metadata, ofFolders.toList());
    }

    private Dataset<Row> newFiles(StructType types, List<String> uris) {
        Dataset<Row> table = NewParquet.rows(session, types, place, uris);
        return select(table, types, ColumnNames.named(place), List.of());
    }

    private Dataset<Row> select(Dataset<Row> table, StructType own, Column metadata, List<String> more) {
        List<Column> selected = new ArrayList<>();
        for (StructField field : used.fields()) {
            boolean has = List.of(own.fieldNames()).contains(field.name());
            Column value = has ? ColumnNames.named(field.name()) : lit(null);
            boolean same = has && own.apply(field.name()).dataType().equals(field.dataType());
            selected.add((same ? value : value.cast(field.dataType())).as(field.name()));
        }
        more.forEach(name -> selected.add(ColumnNames.named(name)));
        selected.add(struct(
                        metadata.getField("file_path").as("file_path"),
                        metadata.getField("file_name").as("file_name"),
                        metadata.getField("row_index").as("row_index"))
                .as(place));
        return table.select(selected.toArray(Column[]::new));
    }
}
