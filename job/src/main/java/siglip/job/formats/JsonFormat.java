package siglip.job.formats;

import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.when;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import siglip.job.files.FoundFiles;
import siglip.job.files.FoundFiles.Found;
import siglip.job.files.JsonRecords;
import siglip.job.formats.FileRows.Chosen;

/** JSON: one object a line, or one array of objects. Types are those that Spark finds in all of the lines. */
record JsonFormat() implements DataFormat {
    /** The column of the lines themselves. */
    static final String LINE = DataRows.OWN + "line";

    private static final String BROKEN = DataRows.OWN + "broken";
    private static final Set<String> LISTS = Set.of("images", "annotations");
    private static final Pattern LINES = Pattern.compile("(jsonl|ndjson|json)(\\.gz|\\.bz2)?");

    @Override
    public DataRows read(SparkSession spark, Request request) {
        Chosen files = Chosen.of(
                FileRows.files(spark, request.path()),
                JsonFormat::isLines,
                "*.jsonl, *.ndjson or *.json (apart from *_stats.json)");
        refuseAnnotations(spark, files.read(), request);
        Dataset<Row> lines = FileRows.table(
                spark, files.read().files().stream().map(File::new).toList(), List.of(LINE));
        return FileRows.counted("json", parsed(request.path(), lines), files);
    }

    /** Annotations as those of COCO are one object for all pictures, which may take more memory than there is. */
    private static void refuseAnnotations(SparkSession spark, FoundFiles files, Request request) {
        Found first = files.files().get(0);
        try (InputStream in = first.open(spark.sparkContext().hadoopConfiguration())) {
            JsonRecords.listOfObjects(in, LISTS, ColumnNames.columns(request.columns()))
                    .ifPresent(list -> {
                        throw new DataException(
                                "Cannot read pairs from %s: %s is one object with a list '%s', as annotations of COCO are, and not an object for each picture. docs/data.md has the few lines of Python that write such objects (COCO's annotations); set data.path to the file that they write"
                                        .formatted(request.path(), first.name(), list));
                    });
        } catch (IOException e) {
            throw new DataException("Cannot read %s: %s".formatted(first.uri(), e.getMessage()), e);
        }
    }

    /** Whether a file holds lines, going by its name. Counts that img2dataset writes beside its shards are none. */
    static boolean isLines(Found file) {
        return LINES.matcher(file.suffix()).matches() && !file.name().endsWith("_stats.json");
    }

    /** The columns of lines; a line that is no object is faulty. */
    static Dataset<Row> parsed(String path, Dataset<Row> lines) {
        Column line = ColumnNames.named(LINE);
        StructType found = lines.sparkSession()
                .read()
                .option("columnNameOfCorruptRecord", BROKEN)
                .json(lines.select(line).where(line.isNotNull()).as(Encoders.STRING()))
                .schema();
        StructType schema = new StructType();
        for (StructField field : found.fields()) {
            schema = field.name().equals(BROKEN) ? schema : schema.add(field);
        }
        if (schema.isEmpty()) {
            throw new DataException(
                    "Cannot read pairs from %s: no line of it is a JSON object such as {\"image\": \"a.png\", \"caption\": \"a cat\"}. A file may also be one array of objects"
                            .formatted(path));
        }
        ColumnNames.tellApart(lines.sparkSession(), schema);
        StructType withFault = schema.add(BROKEN, DataTypes.StringType);
        Column object = ColumnNames.named(DataRows.OWN + "object");
        List<Column> columns = new ArrayList<>(FileRows.numbers().subList(0, 3));
        columns.add(FileRows.withFault(
                when(object.getField(BROKEN).isNotNull(), "line is no JSON object, or of other types than most")));
        for (StructField field : schema.fields()) {
            columns.add(object.getField(field.name()).as(field.name()));
        }
        return lines.withColumn(
                        DataRows.OWN + "object",
                        from_json(line, withFault, Map.of("columnNameOfCorruptRecord", BROKEN)))
                .select(columns.toArray(Column[]::new));
    }

    /** A file of objects. */
    record File(Found file) implements FileRows.Source {
        @Override
        public Iterator<Row> rows(Configuration hadoop) throws IOException {
            JsonRecords records = new JsonRecords(file.open(hadoop));
            return new FileRows.Numbered(file.uri(), records) {
                @Override
                Row read(long row) {
                    Optional<String> line = records.next();
                    return line.isPresent()
                            ? FileRows.valid(file.uri(), row, line.get())
                            : FileRows.faulty(file.uri(), row, "text is not valid UTF-8", 1);
                }

                @Override
                boolean more() throws IOException {
                    return records.hasNext();
                }
            };
        }

        @Override
        public String toString() {
            return file.uri();
        }
    }
}
