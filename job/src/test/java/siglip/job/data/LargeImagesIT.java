package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.pictures.PicturesTest;

/** Images so large that those of one batch of Spark's reader would not fit into an array. */
class LargeImagesIT {
    private static final int ROWS = 3600;
    private static final int BYTES = 640 * 1024; // 2.3 GB in all, in one row group

    @TempDir
    private Path folder;

    /** Padding compresses to nothing, so the file is small; the reader unpacks it, row by row, to its full length. */
    @Test
    void imagesOfTwoGigabytesInOneRowGroupAreRead() throws IOException {
        byte[] image = Arrays.copyOf(PicturesTest.png(new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_BINARY)), BYTES);
        StructType schema = new StructType()
                .add("image", DataTypes.BinaryType)
                .add("text", DataTypes.createArrayType(DataTypes.FloatType));
        try (SparkSession spark = TestData.session(2)) {
            JavaRDD<Row> rows =
                    spark.range(0, ROWS, 1, 1).toJavaRDD().map(id -> RowFactory.create(image, new float[] {id + 1}));
            spark.createDataFrame(rows, schema)
                    .write()
                    .option("compression", "zstd")
                    .option("parquet.block.size", 1L << 40)
                    .option("parquet.enable.dictionary", "false")
                    .parquet(folder.resolve("large").toString());

            try (PairData data = PairData.open(
                    spark, TestData.features(folder.resolve("large").toString()), TestData.BUCKETS)) {
                assertThat(data.summary().training()).isEqualTo(ROWS);
                float[] text = new float[1];
                data.training().text(ROWS - 1, text, 0);
                assertThat(text).containsExactly(ROWS);
            }
        }
    }
}
