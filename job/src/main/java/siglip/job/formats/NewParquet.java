package siglip.job.formats;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.util.RebaseDateTime.RebaseSpec;
import org.apache.spark.sql.execution.datasources.parquet.ParquetReadSupport;
import org.apache.spark.sql.execution.datasources.parquet.ParquetRecordMaterializer;
import org.apache.spark.sql.internal.LegacyBehaviorPolicy;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Option;
import siglip.job.files.FileSystems;
import siglip.job.formats.ParquetFooter.TypeRules;

/**
 * Reads Parquet files that Spark's own reader cannot open, since they hold types that it does not know, float16 for one: row by row, a file a task,
 * by the parts of that reader which come after the footer. Names count with their case.
 */
final class NewParquet {
    private static final StructType PLACE = new StructType()
            .add("file_path", DataTypes.StringType, false)
            .add("file_name", DataTypes.StringType, false)
            .add("row_index", DataTypes.LongType, false);

    private NewParquet() {}

    /** @param place name of a column for the file and row number of each row, after the others */
    static Dataset<Row> rows(SparkSession session, StructType types, String place, List<String> uris) {
        TypeRules rules = TypeRules.of(session.sessionState().conf());
        SerializableConfiguration settings =
                new SerializableConfiguration(session.sparkContext().hadoopConfiguration());
        JavaRDD<InternalRow> rows = JavaSparkContext.fromSparkContext(session.sparkContext())
                .parallelize(uris, uris.size())
                .flatMap(uri -> new Rows(new Path(URI.create(uri)), uri, types, rules, settings.value()));
        return session.internalCreateDataFrame(rows.rdd(), types.add(place, PLACE, false), false);
    }

    /** The rows of a file; each is used again for the next. */
    private static final class Rows implements Iterator<InternalRow> {
        private final UTF8String uri;
        private final UTF8String name;
        private final ParquetFileReader file;
        private final MessageColumnIO columns;
        private final ParquetRecordMaterializer materializer;
        private RecordReader<InternalRow> group;
        private long left; // in the row group
        private long next; // row of the file

        @SuppressWarnings("deprecation") // the constructors that are not read the footer themselves
        Rows(Path path, String uri, StructType types, TypeRules rules, Configuration settings) throws IOException {
            this.uri = UTF8String.fromString(uri);
            this.name = UTF8String.fromString(path.getName());
            FileStatus status = FileSystems.of(path, settings).getFileStatus(path);
            ParquetMetadata metadata = ParquetEnd.read(status, settings).metadata();
            MessageType schema = metadata.getFileMetaData().getSchema();
            MessageType asked = ParquetReadSupport.clipParquetSchema(schema, types, true, false);
            file = new ParquetFileReader(settings, path, metadata);
            TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> close());
            file.setRequestedSchema(asked);
            columns = new ColumnIOFactory(metadata.getFileMetaData().getCreatedBy()).getColumnIO(asked, schema, true);
            RebaseSpec asStored = new RebaseSpec(LegacyBehaviorPolicy.CORRECTED(), Option.empty());
            SQLConf exact = new SQLConf(); // a task knows nothing of the session's settings
            exact.setConfString("spark.sql.caseSensitive", "true");
            materializer = SQLConf.withExistingConf(
                    exact,
                    () -> new ParquetRecordMaterializer(
                            asked, types, rules.converter(), Option.empty(), asStored, asStored));
        }

        @Override
        public boolean hasNext() {
            while (left == 0) {
                try {
                    PageReadStore pages = file.readNextRowGroup();
                    if (pages == null) {
                        return false;
                    }
                    left = pages.getRowCount();
                    group = columns.getRecordReader(pages, materializer);
                } catch (IOException e) {
                    throw new UncheckedIOException("Encountered error while reading file " + uri, e);
                }
            }
            return true;
        }

        @Override
        public InternalRow next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            left--;
            InternalRow place = new GenericInternalRow(new Object[] {uri, name, next++});
            return new JoinedRow(group.read(), new GenericInternalRow(new Object[] {place}));
        }

        private void close() {
            try {
                file.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
