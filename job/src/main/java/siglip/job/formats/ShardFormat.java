package siglip.job.formats;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.udf;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF3;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import siglip.job.files.FileSystems;
import siglip.job.files.FoundFiles.Found;
import siglip.job.files.TarSamples;
import siglip.job.formats.FileRows.Chosen;

/**
 * Tar shards of WebDataset. Columns are {@code key}, {@code image}, {@code caption} (the {@code .txt}, else {@code caption} of the JSON) and, as
 * strings, the top-level fields of the JSON. A shard is read once for its texts; pictures are read where they lie when they are needed.
 */
record ShardFormat() implements DataFormat {
    static final List<String> SUFFIXES = List.of("tar");

    private static final String OFFSET = DataRows.OWN + "offset";
    private static final String LENGTH = DataRows.OWN + "length";
    private static final String JSON = DataRows.OWN + "json";
    private static final StructType OWN = new StructType()
            .add("key", DataTypes.StringType)
            .add("image", DataTypes.BinaryType)
            .add("caption", DataTypes.StringType);
    private static final StructType STORED = new StructType()
            .add("key", DataTypes.StringType)
            .add("caption", DataTypes.StringType)
            .add(JSON, DataTypes.StringType)
            .add(OFFSET, DataTypes.LongType)
            .add(LENGTH, DataTypes.LongType);

    @Override
    public DataRows read(SparkSession spark, Request request) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        Chosen shards =
                Chosen.of(FileRows.files(spark, request.path()), file -> SUFFIXES.contains(file.suffix()), "*.tar");
        Dataset<Row> stored = FileRows.table(
                spark, shards.read().files().stream().map(Shard::new).toList(), STORED);
        List<Column> columns = new ArrayList<>(FileRows.numbers());
        columns.add(col("key"));
        SerializableConfiguration shipped = new SerializableConfiguration(hadoop);
        UDF3<String, Long, Long, byte[]> picture =
                (file, offset, length) -> offset == null ? null : bytes(file, offset, length, shipped);
        columns.add(udf(picture, DataTypes.BinaryType)
                .apply(FileRows.numbers().get(0), ColumnNames.named(OFFSET), ColumnNames.named(LENGTH))
                .as("image"));
        columns.add(col("caption"));
        StructType found = fields(stored);
        StructType all = new StructType(Stream.of(OWN, found)
                .flatMap(part -> Arrays.stream(part.fields()))
                .toArray(StructField[]::new));
        ColumnNames.tellApart(stored.sparkSession(), all);
        StructType fields = ColumnNames.only(found, request.columns());
        Column object = ColumnNames.named(DataRows.OWN + "object");
        for (String field : fields.fieldNames()) {
            columns.add(object.getField(field).as(field));
        }
        Dataset<Row> table = stored.withColumn(DataRows.OWN + "object", from_json(ColumnNames.named(JSON), fields))
                .select(columns.toArray(Column[]::new));
        return FileRows.counted("webdataset", table, all, shards);
    }

    /** The simple fields that the JSON of samples has, apart from those whose names are taken. */
    private static StructType fields(Dataset<Row> stored) {
        List<String> names = stored.select(ColumnNames.named(JSON))
                .where(ColumnNames.named(JSON).isNotNull())
                .as(Encoders.STRING())
                .flatMap((FlatMapFunction<String, String>) ShardFormat::names, Encoders.STRING())
                .distinct()
                .collectAsList();
        NavigableSet<String> sorted = new TreeSet<>(names);
        sorted.removeAll(List.of(OWN.fieldNames()));
        return ColumnNames.ofStrings(sorted);
    }

    private static Iterator<String> names(String json) throws IOException {
        List<String> names = new ArrayList<>();
        new ObjectMapper().readTree(json).fields().forEachRemaining(field -> {
            if (field.getValue().isValueNode()) {
                names.add(field.getKey());
            }
        });
        return names.iterator();
    }

    private static byte[] bytes(String shard, long offset, long length, SerializableConfiguration hadoop) {
        Path path = new Path(URI.create(shard));
        byte[] bytes = new byte[(int) length];
        try (FSDataInputStream in =
                FileSystems.bare(FileSystems.of(path, hadoop.value())).open(path)) {
            in.readFully(offset, bytes);
            return bytes;
        } catch (IOException e) {
            throw new DataException("Cannot read a picture of %s: %s".formatted(shard, e.getMessage()), e);
        }
    }

    private record Shard(Found file) implements FileRows.Source {
        @Override
        public Iterator<Row> rows(Configuration hadoop) throws IOException {
            Path path = file.path();
            TarSamples samples = new TarSamples(
                    FileSystems.bare(FileSystems.of(path, hadoop)).open(path, 1 << 16),
                    file.bytes(),
                    FolderFormat.PICTURES,
                    PictureFiles.MAX_BYTES);
            return new FileRows.Numbered(file.uri(), samples) {
                @Override
                boolean more() throws IOException {
                    return samples.hasNext();
                }

                @Override
                Row read(long row) {
                    TarSamples.Sample sample = samples.next();
                    if (!sample.fault().isEmpty()) {
                        return FileRows.faulty(file.uri(), row, sample.fault(), STORED.size());
                    }
                    return FileRows.valid(
                            file.uri(),
                            row,
                            sample.key(),
                            sample.caption().orElse(null),
                            sample.json().orElse(null),
                            sample.hasPicture() ? sample.offset() : null,
                            sample.hasPicture() ? sample.length() : null);
                }
            };
        }

        @Override
        public String toString() {
            return file.uri();
        }
    }
}
