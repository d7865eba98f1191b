package siglip.job.formats;

import static org.apache.spark.sql.functions.lit;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import siglip.job.failures.FirstLine;

/** Tables and views that Spark knows by name. Their rows have no place, so a unique key numbers them. */
record TableFormat() implements DataFormat {
    private static final String ROW = DataRows.OWN + "row";
    private static final String KEY = DataRows.OWN + "key";

    @Override
    public DataRows read(SparkSession spark, Request request) {
        String path = request.path();
        if (!path.startsWith(TABLE)) {
            throw new DataException(
                    "Cannot read %s as a table: write data.path = \"table:catalog.database.name\"".formatted(path));
        }
        String key = request.key()
                .orElseThrow(() -> new DataException(
                        "Cannot number the rows of %s, which have no order of their own: set data.columns.key to a column that is unique"
                                .formatted(path)));
        Dataset<Row> table = table(spark, path);
        if (ParquetColumns.differInCaseAlone(table.schema()) && !ColumnNames.caseCounts(spark)) {
            throw new DataException(
                    "Cannot read pairs from %s: of its columns, %s, some have names that differ in case alone. Give spark-submit --conf spark.sql.caseSensitive=true"
                            .formatted(path, String.join(", ", table.columns())));
        }
        Repeatable.objection(table).ifPresent(culprit -> {
            throw new DataException(
                    "Cannot read pairs from %s: it is a query with %s, which may give other rows each time, and pairs are read more than once. Store its result as a table or as files"
                            .formatted(path, culprit));
        });
        if (!List.of(table.columns()).contains(key)) {
            throw new DataException("Cannot read pairs from %s: no column '%s' (data.columns.key). Its columns are %s"
                    .formatted(path, key, String.join(", ", table.columns())));
        }
        Column named = ColumnNames.named(key);
        refuseUnlessUnique(table, path, key);
        Dataset<Row> sorted = table.select(named.as(KEY)).orderBy(ColumnNames.named(KEY));
        JavaRDD<Row> numbered = sorted.javaRDD().zipWithIndex().map(row -> RowFactory.create(row._1.get(0), row._2));
        StructType schema = sorted.schema().add(ROW, DataTypes.LongType);
        Dataset<Row> numbers = spark.createDataFrame(numbered, schema);
        return new DataRows(
                "table",
                table.join(numbers, named.equalTo(ColumnNames.named(KEY))),
                lit(path),
                ColumnNames.named(ROW),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(new DataFile(path, path, 0, table.count())),
                DataRows.withoutOwn(table.schema()),
                Map.of(),
                Map.of());
    }

    private static Dataset<Row> table(SparkSession spark, String path) {
        Repeatable.refuseCallsByName(spark, "Cannot read " + path);
        try {
            return spark.table(path.substring(TABLE.length()));
        } catch (Exception e) {
            if (e instanceof AnalysisException) { // checked in Scala alone
                throw new DataException(
                        "Cannot read %s: %s. A catalog, such as that of Iceberg or Delta, is given to spark-submit by --packages and --conf spark.sql.catalog.NAME"
                                .formatted(path, FirstLine.of(e)),
                        e);
            }
            throw e;
        }
    }

    private static void refuseUnlessUnique(Dataset<Row> table, String path, String key) {
        List<Row> wrong = table.groupBy(ColumnNames.named(key).as("key"))
                .count()
                .where("count > 1 or key is null")
                .orderBy("key")
                .limit(1)
                .collectAsList();
        if (!wrong.isEmpty()) {
            Row first = wrong.get(0);
            throw new DataException("Cannot number the rows of %s by '%s' (data.columns.key): %s"
                    .formatted(
                            path,
                            key,
                            first.isNullAt(0)
                                    ? "%d rows have none".formatted(first.getLong(1))
                                    : "%d rows have the key %s".formatted(first.getLong(1), first.get(0))));
        }
    }
}
