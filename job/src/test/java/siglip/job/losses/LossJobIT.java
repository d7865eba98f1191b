package siglip.job.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import siglip.job.config.DataSettings.Format;
import siglip.job.config.RingSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.TestData;
import siglip.job.formats.DataException;
import siglip.kernels.LogitParams;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalars;
import siglip.kernels.Numerics;
import siglip.kernels.PairLabels;
import siglip.kernels.ReferenceBounds;
import siglip.kernels.ReferenceLoss;

class LossJobIT {
    private static final int PAIRS = 23;
    private static final int WIDTH = 9;
    private static final double SCALE = 7;
    private static final double BIAS = -2.5;
    private static final RingSettings RING = SettingsLoader.load(
                    new SettingsSources(List.of(), Map.of(), Map.of(), Optional.empty()))
            .settings()
            .ring();

    @TempDir
    static Path folder;

    private static SparkSession spark;
    private static double[][] images;
    private static double[][] texts;

    @BeforeAll
    static void writePairs() {
        spark = TestData.session(4);
        SplittableRandom random = new SplittableRandom(Long.getLong("test.seed", 1));
        images = new double[PAIRS][WIDTH];
        texts = new double[PAIRS][WIDTH];
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < PAIRS; i++) {
            rows.add(RowFactory.create(fill(images[i], random), fill(texts[i], random)));
        }
        StructType schema = new StructType()
                .add("image", DataTypes.createArrayType(DataTypes.FloatType))
                .add("text", DataTypes.createArrayType(DataTypes.FloatType));
        spark.createDataFrame(rows, schema)
                .coalesce(1)
                .write()
                .parquet(folder.resolve("pairs").toString());
    }

    private static Float[] fill(double[] values, SplittableRandom random) {
        Float[] row = new Float[WIDTH];
        for (int k = 0; k < WIDTH; k++) {
            row[k] = (float) random.nextDouble(-0.5, 0.5);
            values[k] = row[k];
        }
        return row;
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    private static LossRequest request(Loss kind, int ranks, Optional<String> gradients) {
        return new LossRequest(
                folder.resolve("pairs").toString(),
                Format.AUTO,
                "image",
                "text",
                LossForm.plain(kind),
                scalars(kind),
                ranks,
                gradients);
    }

    private static LossScalars scalars(Loss loss) {
        return loss == Loss.SIGMOID
                ? LossScalars.of(loss, Math.log(SCALE), BIAS)
                : LossScalars.of(loss, Math.log(SCALE));
    }

    private static ReferenceLoss expected(Loss kind) {
        return kind == Loss.SIGMOID
                ? ReferenceLoss.sigmoid(
                        images, texts, PairLabels.diagonal(PAIRS), new LogitParams(Math.log(SCALE), BIAS))
                : ReferenceLoss.softmax(images, texts, PairLabels.diagonal(PAIRS), new LogitParams(Math.log(SCALE), 0));
    }

    @ParameterizedTest
    @CsvSource({"SIGMOID, 1", "SIGMOID, 2", "SIGMOID, 4", "SOFTMAX, 1", "SOFTMAX, 3", "SOFTMAX, 4"})
    void printsTheLossOfTheWholeBatchInOpenClipsScaling(Loss kind, int ranks) {
        LossResult result = LossJob.run(spark, request(kind, ranks, Optional.empty()), RING, Numerics.AUTO, 1);

        ReferenceLoss expected = expected(kind);
        ReferenceBounds bounds = expected.bounds(Numerics.AUTO.tile(), ranks);
        assertThat(result.loss()).isCloseTo(expected.loss() / PAIRS, within(bounds.loss() / PAIRS));
        assertThat(result.scalarGradients().get("log_scale"))
                .isCloseTo(expected.logScaleGradient() / PAIRS, within(bounds.logScaleGradient() / PAIRS));
        assertThat(result.scalarGradients().getOrDefault("bias", 0.0))
                .isCloseTo(expected.biasGradient() / PAIRS, within(bounds.biasGradient() / PAIRS));
        assertThat(result.scalarGradients().keySet())
                .containsExactlyElementsOf(kind == Loss.SIGMOID ? List.of("log_scale", "bias") : List.of("log_scale"));
        assertThat(result.imageGradientNorm())
                .isCloseTo(norm(expected.imageGradient()) / PAIRS, within(norm(bounds.imageGradient()) / PAIRS));
        assertThat(result.textGradientNorm())
                .isCloseTo(norm(expected.textGradient()) / PAIRS, within(norm(bounds.textGradient()) / PAIRS));
    }

    private static double norm(double[][] rows) {
        double sum = 0;
        for (double[] row : rows) {
            for (double value : row) {
                sum += value * value;
            }
        }
        return Math.sqrt(sum);
    }

    @Test
    void writesTheGradientOfEachRowWhereItIsAskedFor() {
        String gradients = folder.resolve("gradients").toString();
        LossJob.run(spark, request(Loss.SIGMOID, 2, Optional.of(gradients)), RING, Numerics.AUTO, 1);

        ReferenceLoss expected = expected(Loss.SIGMOID);
        ReferenceBounds bounds = expected.bounds(Numerics.AUTO.tile(), 2);
        List<Row> rows = spark.read().parquet(gradients).orderBy("row").collectAsList();
        assertThat(rows).hasSize(PAIRS);
        for (int i = 0; i < PAIRS; i++) {
            assertThat(rows.get(i).getLong(0)).isEqualTo(i);
            List<Float> image = rows.get(i).getList(1);
            List<Float> text = rows.get(i).getList(2);
            for (int k = 0; k < WIDTH; k++) {
                assertThat((double) image.get(k))
                        .isCloseTo(
                                expected.imageGradient()[i][k] / PAIRS,
                                within(bounds.imageGradient()[i][k] / PAIRS + Math.ulp(image.get(k))));
                assertThat((double) text.get(k))
                        .isCloseTo(
                                expected.textGradient()[i][k] / PAIRS,
                                within(bounds.textGradient()[i][k] / PAIRS + Math.ulp(text.get(k))));
            }
        }
    }

    @Test
    void saysWhichColumnIsMissingAndWhichThereAre() {
        LossRequest wrong = new LossRequest(
                folder.resolve("pairs").toString(),
                Format.AUTO,
                "img",
                "text",
                LossForm.plain(Loss.SIGMOID),
                LossScalars.of(Loss.SIGMOID, 0, 0),
                1,
                Optional.empty());
        assertThatThrownBy(() -> LossJob.run(spark, wrong, RING, Numerics.AUTO, 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("'img'")
                .hasMessageContaining("image array<float>, text array<float>");
    }
}
