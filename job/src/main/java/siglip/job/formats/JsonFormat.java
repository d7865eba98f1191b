package siglip.job.formats;

import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.when;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.function.FlatMapFunction;
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
    private static final int FIRST_LINES = 10_000;
    private static final int MOST_FIELDS = 10_000;
    private static final Pattern LINES = Pattern.compile("(jsonl|ndjson|json)(\\.gz|\\.bz2)?");

    @Override
    public DataRows read(SparkSession spark, Request request) {
        Chosen files = Chosen.of(
                FileRows.files(spark, request.path()),
                JsonFormat::isLines,
                "*.jsonl, *.ndjson or *.json (apart from *_stats.json)");
        refuseAnnotations(spark, files.read(), request);
        Dataset<Row> lines = FileRows.table(
                spark, files.read().files().stream().map(File::new).toList(), ColumnNames.ofStrings(List.of(LINE)));
        Parsed parsed = parsed(request.path(), lines, request.columns());
        return FileRows.counted("json", parsed.table(), parsed.columns(), files);
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

    /**
     * Lines as a table.
     *
     * @param columns all that there are, of which the table may have fewer
     */
    record Parsed(Dataset<Row> table, StructType columns) {}

    /**
     * Lines as a table; a line that is no object is faulty.
     *
     * @param used names of the columns that are read
     */
    static Parsed parsed(String path, Dataset<Row> lines, List<String> used) {
        Column line = ColumnNames.named(LINE);
        Dataset<String> texts = lines.select(line).where(line.isNotNull()).as(Encoders.STRING());
        refuseDataAsNames(path, texts);
        StructType found = lines.sparkSession()
                .read()
                .option("columnNameOfCorruptRecord", BROKEN)
                .json(texts)
                .schema();
        StructType schema = new StructType(Arrays.stream(found.fields())
                .filter(field -> !field.name().equals(BROKEN))
                .toArray(StructField[]::new));
        if (schema.isEmpty()) {
            throw new DataException(
                    "Cannot read pairs from %s: no line of it is a JSON object such as {\"image\": \"a.png\", \"caption\": \"a cat\"}. A file may also be one array of objects"
                            .formatted(path));
        }
        ColumnNames.tellApart(lines.sparkSession(), schema);
        StructType read = ColumnNames.only(schema, used);
        StructType withFault = read.add(BROKEN, DataTypes.StringType);
        Column object = ColumnNames.named(DataRows.OWN + "object");
        List<Column> columns = new ArrayList<>(FileRows.numbers().subList(0, 3));
        columns.add(FileRows.withFault(
                when(object.getField(BROKEN).isNotNull(), "line is no JSON object, or of other types than most")));
        for (String field : read.fieldNames()) {
            columns.add(object.getField(field).as(field));
        }
        return new Parsed(
                lines.withColumn(
                                DataRows.OWN + "object",
                                from_json(line, withFault, Map.of("columnNameOfCorruptRecord", BROKEN)))
                        .select(columns.toArray(Column[]::new)),
                schema);
    }

    /** Where names of fields are data, such as ids, there are more with each line, and finding types would take the square of their number. */
    private static void refuseDataAsNames(String path, Dataset<String> texts) {
        List<String> names = texts.limit(FIRST_LINES)
                .flatMap((FlatMapFunction<String, String>) JsonFormat::names, Encoders.STRING())
                .distinct()
                .limit(MOST_FIELDS + 1)
                .collectAsList();
        if (names.size() > MOST_FIELDS) {
            throw new DataException(
                    "Cannot read pairs from %s: its objects have more than %,d different fields, such as %s. Write names that differ from line to line as values, for instance {\"key\": NAME, \"value\": ...}"
                            .formatted(path, MOST_FIELDS, String.join(", ", new TreeSet<>(names.subList(0, 3)))));
        }
    }

    /** The fields of an object and of those within it; none of what is no JSON. */
    private static Iterator<String> names(String line) throws IOException {
        Set<String> names = new HashSet<>();
        try (JsonParser parser = new JsonFactory().createParser(line)) {
            while (parser.nextToken() != null) {
                if (parser.currentToken() == JsonToken.FIELD_NAME) {
                    names.add(parser.getCurrentName());
                }
            }
        } catch (JsonProcessingException e) {
            return Collections.emptyIterator(); // told with the other lines that cannot be parsed
        }
        return names.iterator();
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
