package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.example.GroupWriteSupport;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.UserDefinedType;
import org.junit.jupiter.api.Test;
import siglip.job.batches.BatchSource;
import siglip.job.config.DataSettings.Format;
import siglip.job.features.PairShape;

/** Classes that the end of a Parquet file names, for whichever library that wrote it, are never loaded. */
class FooterClassIT extends OnLocalSpark {
    private static final String NAME = FooterClassIT.class.getName() + "$Named";
    private static final String LOADED = "footer-class-loaded";
    private static final MessageType COLUMNS = MessageTypeParser.parseMessageType(
            """
            message pairs {
              optional group image (LIST) { repeated group list { optional float element; } }
              optional group text (LIST) { repeated group list { optional float element; } }
            }""");
    private static final String AVRO_RECORD =
            """
            {"type": "record", "name": "Named", "namespace": "siglip.job.data.FooterClassIT$", "java-class": "NAME", "fields": [
              {"name": "image", "type": {"type": "array", "items": "float", "java-class": "NAME"}},
              {"name": "text", "type": {"type": "array", "items": "float", "java-class": "NAME"}}]}""";
    private static final String SPARK_ROW =
            """
            {"type": "struct", "fields": [
              {"name": "image", "nullable": true, "metadata": {}, "type": {"type": "udt", "class": "NAME", "pyClass": "NAME",
               "sqlType": {"type": "array", "elementType": "float", "containsNull": true}}},
              {"name": "text", "nullable": true, "metadata": {}, "type": {"type": "udt", "class": "NAME", "pyClass": null,
               "sqlType": {"type": "array", "elementType": "float", "containsNull": true}}}]}""";

    /** A type for Spark, which leaves a trace when it is loaded. */
    public static final class Named extends UserDefinedType<Object> {
        private static final long serialVersionUID = 1L;

        static {
            System.setProperty(LOADED, "yes");
        }

        @Override
        public DataType sqlType() {
            return DataTypes.createArrayType(DataTypes.FloatType);
        }

        @Override
        public Object serialize(Object value) {
            return value;
        }

        @Override
        public Object deserialize(Object stored) {
            return stored;
        }

        @Override
        public Class<Object> userClass() {
            return Object.class;
        }
    }

    private static final class Writer extends ParquetWriter.Builder<Group, Writer> {
        private final Map<String, String> named;

        Writer(Path file, Map<String, String> named) {
            super(new org.apache.hadoop.fs.Path(file.toUri()));
            this.named = named;
        }

        @Override
        protected Writer self() {
            return this;
        }

        @Override
        protected WriteSupport<Group> getWriteSupport(Configuration settings) {
            return new GroupWriteSupport() {
                @Override
                public String getName() {
                    return NAME;
                }

                @Override
                public WriteContext init(Configuration configuration) {
                    super.init(configuration);
                    return new WriteContext(COLUMNS, named);
                }
            };
        }
    }

    @Test
    void noClassIsLoadedThatAFileNames() throws Exception {
        Path file = write(Map.of(
                "org.apache.spark.sql.parquet.row.metadata",
                SPARK_ROW.replace("NAME", NAME),
                "org.apache.spark.version",
                "3.5.9",
                "parquet.avro.schema",
                AVRO_RECORD.replace("NAME", NAME),
                "avro.schema",
                AVRO_RECORD.replace("NAME", NAME),
                "parquet.proto.class",
                NAME,
                "thrift.class",
                NAME,
                "parquet.strings.signed-min-max.enabled",
                NAME));
        System.clearProperty(LOADED);

        try (PairData data = PairData.open(spark, TestData.features(file.toString()), 16);
                BatchSource batches = data.source(2, 1, 1)) {
            assertThat(batches.shape()).isEqualTo(new PairShape(1, 1));
            assertThat(data.firstRows(2)).hasSize(2);
        }
        assertThat(EmbeddingPairs.open(spark, Format.AUTO, file.toString(), "image", "text")
                        .rows())
                .isEqualTo(2);
        assertThat(System.getProperty(LOADED)).isNull();

        assertThat(DataType.fromJson(SPARK_ROW.replace("NAME", NAME))).isNotNull();
        assertThat(System.getProperty(LOADED))
                .as("Spark loads it where it finds columns by itself")
                .isEqualTo("yes");
    }

    private Path write(Map<String, String> named) throws IOException {
        Path file = folder.resolve("pairs.parquet");
        Configuration settings = new Configuration();
        GroupWriteSupport.setSchema(COLUMNS, settings);
        try (ParquetWriter<Group> writer =
                new Writer(file, named).withConf(settings).build()) {
            for (int row = 0; row < 2; row++) {
                Group pair = new SimpleGroup(COLUMNS);
                pair.addGroup("image").addGroup("list").add("element", row + 1f);
                pair.addGroup("text").addGroup("list").add("element", row + 2f);
                writer.write(pair);
            }
        }
        assertThat(Files.size(file)).isPositive();
        return file;
    }
}
