package siglip.job.formats;

import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.substring;
import static org.apache.spark.sql.functions.xxhash64;

import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.TestBy;
import siglip.job.failures.FirstLine;

/**
 * Which rows are trained on, and which are held out: two columns that are never null, and that say the same of a row whenever they are evaluated.
 */
record Split(Column train, Column test) {
    private static final Map<String, String> WITHOUT = Map.of(
            "data.train", "Set it to null to train on all rows that are not held out",
            "data.test", "Without such a column, set data.test = null and data.test-share = 0.1");

    /** @throws DataException if a predicate does not fit the data, or may change its mind */
    static Split of(DataRows data, ColumnNames names, PairColumns columns, DataSettings settings) {
        Optional<Column> train = settings.train().map(sql -> predicate(data.table(), names, "data.train", sql));
        if (settings.testShare().isPresent()) {
            Column drawn =
                    drawn(data, columns, settings.testBy(), settings.testShare().getAsDouble());
            Column from = train.orElse(lit(true));
            return new Split(from.and(not(drawn)), from.and(drawn));
        }
        Column test = settings.test()
                .map(sql -> predicate(data.table(), names, "data.test", sql))
                .orElse(lit(false));
        return new Split(train.orElse(not(test)), test);
    }

    private static Column drawn(DataRows data, PairColumns columns, TestBy by, double share) {
        if (by == TestBy.CONCEPT && columns.reader().identity() == PairReader.Identity.ROW) {
            throw new DataException(
                    "Cannot hold out concepts (data.test-by = concept): texts are features and data.columns.concept is not set. Name the concept column, or set data.test-by = row");
        }
        Column hash = by == TestBy.CONCEPT ? xxhash64(columns.firstConcept()) : hashOfRow(data, columns);
        return hash.lt(
                lit((long) (Long.MIN_VALUE + share * 0x1p64))); // of all numbers of 64 bits, a share is below this one
    }

    /** Of the key, or else of a file's name within the data set and the row's number: the same wherever the data lie. */
    private static Column hashOfRow(DataRows data, PairColumns columns) {
        return columns.key()
                .map(key -> xxhash64(key.cast(DataTypes.StringType)))
                .orElseGet(
                        () -> xxhash64(substring(data.file(), lengthOfRoot(data) + 1, Integer.MAX_VALUE), data.row()));
    }

    /** How much of a file's address is that of the folder from which names are counted. */
    private static int lengthOfRoot(DataRows data) {
        if (data.files().isEmpty()) {
            return 0;
        }
        DataFile file = data.files().get(0);
        int end = file.uri().length();
        for (int parts = file.name().split("/", -1).length; parts > 0 && end >= 0; parts--) {
            end = file.uri().lastIndexOf('/', end - 1);
        }
        return end + 1;
    }

    private static Column predicate(Dataset<Row> rows, ColumnNames names, String setting, String sql) {
        Repeatable.refuseCallsByName(rows.sparkSession(), "Cannot use %s = '%s'".formatted(setting, sql));
        try {
            Column column = expr("coalesce(" + sql + ", false)");
            DataType type = rows.select(column).schema().apply(0).dataType();
            if (!type.equals(DataTypes.BooleanType)) {
                throw new DataException("Cannot use %s = '%s': it is %s, not true or false"
                        .formatted(setting, sql, type.simpleString()));
            }
            Repeatable.objection(rows.where(column)).ifPresent(culprit -> {
                throw new DataException(
                        "Cannot use %s = '%s': %s may give something else each time it is evaluated, so that rows would be lost, or trained on although they are held out. Choose rows by what is in them, such as %s, or set data.test-share"
                                .formatted(
                                        setting,
                                        sql,
                                        culprit,
                                        culprit.equals("input_file_name")
                                                ? "_metadata.file_path LIKE '%/test-%'"
                                                : "pmod(xxhash64(a column), 10) = 0"));
            });
            return column;
        } catch (Exception e) {
            if (e instanceof AnalysisException) { // checked in Scala alone
                Optional<String> unknown = names.unknown(ColumnNames.in(rows.sparkSession(), sql), setting);
                if (unknown.isPresent()) { // says all that Spark says
                    throw new DataException("Cannot use %s = '%s': %s. %s"
                            .formatted(setting, sql, unknown.get(), WITHOUT.get(setting)));
                }
                throw new DataException("Cannot use %s = '%s': %s".formatted(setting, sql, FirstLine.of(e)), e);
            }
            throw e;
        }
    }
}
