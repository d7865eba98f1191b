package siglip.job.formats;

import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import siglip.job.failures.FirstLine;
import siglip.job.files.FileSystems;
import siglip.job.files.FoundFiles.Found;

/**
 * What the end of a Parquet file says of it.
 *
 * @param columns those that can be read, in their order
 * @param unreadable the others: why, and what would do
 * @param onlyNulls columns that hold nothing, and of which the file knows no type
 * @param isNew whether the file holds types that the reader in Spark does not know: it cannot open such a file at all
 */
record ParquetFooter(
        DataFile file,
        Map<String, Stored> columns,
        Map<String, String> unreadable,
        Set<String> onlyNulls,
        boolean isNew)
        implements Serializable {
    /**
     * A column of the file.
     *
     * @param type as Spark reads it, all of it nullable
     * @param rowBytes mean uncompressed bytes of a row, in the row group where they are most
     * @param split whether it is encoded as BYTE_STREAM_SPLIT, which Spark reads row by row alone
     */
    record Stored(DataType type, long rowBytes, boolean split) implements Serializable {}

    /** How types of Parquet become types of Spark: what the session's settings say. */
    record TypeRules(boolean binaryAsString, boolean int96AsTimestamp, boolean inferNtz, boolean nanosAsLong)
            implements Serializable {
        static TypeRules of(SQLConf conf) {
            return new TypeRules(
                    conf.isParquetBinaryAsString(),
                    conf.isParquetINT96AsTimestamp(),
                    conf.parquetInferTimestampNTZEnabled(),
                    conf.legacyParquetNanosAsLong());
        }

        ParquetToSparkSchemaConverter converter() {
            return new ParquetToSparkSchemaConverter(binaryAsString, int96AsTimestamp, true, inferNtz, nanosAsLong);
        }
    }

    /**
     * @param chosen whether the file was chosen for its name; another one may be something else, and then gives nothing
     * @throws DataException if a file that was chosen is no Parquet, or one is damaged
     */
    static Optional<ParquetFooter> read(Found found, boolean chosen, TypeRules rules, Configuration settings) {
        Path path = found.path();
        try {
            FileStatus status = FileSystems.of(path, settings).getFileStatus(path);
            if (!chosen && !ParquetEnd.isParquet(status, settings)) {
                return Optional.empty();
            }
            ParquetEnd end = ParquetEnd.read(status, settings);
            ParquetMetadata metadata = end.metadata();
            long rows = metadata.getBlocks().stream()
                    .mapToLong(BlockMetaData::getRowCount)
                    .sum();
            String name = found.name();
            Map<String, Stored> columns = new LinkedHashMap<>();
            Map<String, String> unreadable = new TreeMap<>(end.unreadable());
            MessageType schema = metadata.getFileMetaData().getSchema();
            Map<String, Chunks> chunks = Chunks.of(metadata);
            for (Type field : schema.getFields()) {
                Chunks of = chunks.getOrDefault(field.getName(), new Chunks());
                if (end.onlyNulls().contains(field.getName()) || unreadable.containsKey(field.getName())) {
                    continue;
                }
                if (!of.fault.isEmpty()) {
                    unreadable.put(field.getName(), of.fault.formatted(name));
                    continue;
                }
                try {
                    StructType one = rules.converter().convert(new MessageType(schema.getName(), field));
                    columns.put(
                            field.getName(),
                            new Stored(one.fields()[0].dataType().asNullable(), of.rowBytes, of.split));
                } catch (Exception e) {
                    if (!(e instanceof AnalysisException)) { // checked in Scala alone
                        throw e;
                    }
                    unreadable.put(field.getName(), illegal(field, FirstLine.of(e)));
                }
            }
            DataFile file = new DataFile(asInMetadata(found.uri()), name, status.getLen(), rows);
            return Optional.of(new ParquetFooter(file, columns, unreadable, Set.copyOf(end.onlyNulls()), end.isNew()));
        } catch (IOException e) {
            throw new DataException("Cannot read the footer of %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    /** Spark lists files without an authority as {@code file:///...}, and names them {@code file:/...} in a row's metadata. */
    private static String asInMetadata(String uri) {
        return uri.replaceFirst("^([^:/]+):///", "$1:/");
    }

    private static String illegal(Type field, String why) {
        return field.toString().contains("NANOS")
                ? "holds times in nanoseconds, which Spark does not read; write microseconds, with pyarrow: "
                        + "pq.write_table(table, 'pairs.parquet', coerce_timestamps='us', allow_truncated_timestamps=True)"
                : "is of a type that Spark does not read (%s); write it as another one".formatted(why);
    }

    /** What the chunks of a column have in common. */
    private static final class Chunks {
        private long rowBytes;
        private boolean split;
        private String fault = ""; // a pattern for the name of the file

        static Map<String, Chunks> of(ParquetMetadata metadata) {
            Map<String, Chunks> found = new HashMap<>();
            for (BlockMetaData group : metadata.getBlocks()) {
                for (ColumnChunkMetaData chunk : group.getColumns()) {
                    found.computeIfAbsent(chunk.getPath().toArray()[0], name -> new Chunks())
                            .add(chunk, Math.max(1, group.getRowCount()));
                }
            }
            return found;
        }

        private void add(ColumnChunkMetaData chunk, long rows) {
            rowBytes = Math.max(rowBytes, chunk.getTotalUncompressedSize() / rows);
            String codec = chunk.getCodec().getHadoopCompressionCodecClassName();
            if (codec != null && !isThere(codec)) {
                fault =
                        "is compressed with %s in %%s, and no codec for it is on the class path; write it with zstd, with pyarrow: pq.write_table(table, 'pairs.parquet', compression='zstd'), or add %s"
                                .formatted(chunk.getCodec(), codec);
            }
            if (chunk.getEncodings().contains(Encoding.BYTE_STREAM_SPLIT)) {
                split = true;
                if (chunk.getPrimitiveType().getPrimitiveTypeName() != PrimitiveTypeName.FLOAT
                        && chunk.getPrimitiveType().getPrimitiveTypeName() != PrimitiveTypeName.DOUBLE) {
                    fault =
                            "is encoded as BYTE_STREAM_SPLIT in %s, which Spark reads for float and double alone; write it with use_byte_stream_split=False";
                }
            }
        }

        private static boolean isThere(String type) {
            try {
                Class.forName(type, false, Thread.currentThread().getContextClassLoader());
                return true;
            } catch (ClassNotFoundException e) {
                return false;
            }
        }
    }
}
