package siglip.job.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.TestData;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;

/** Features of which one has an offset of ten million, as identifiers and times have that slip in among them. */
class OffsetFeaturesIT {
    private static final int ROWS = 480;
    private static final int WIDTH = 8;
    private static final int STEPS = 400;
    private static final double CHANCE = 5 * 6.0 / ROWS; // of the first five, one row in six being held out

    @TempDir
    private Path folder;

    @Test
    void oneFeatureFarFromZeroDrownsTheOthersUnlessTheyAreScaledAsByDefault() {
        try (SparkSession spark = TestData.session(2)) {
            DataType floats = DataTypes.createArrayType(DataTypes.FloatType);
            StructType schema =
                    new StructType().add("image", floats).add("text", floats).add("id", DataTypes.IntegerType);
            spark.createDataFrame(rows(), schema)
                    .coalesce(1)
                    .write()
                    .parquet(folder.resolve("pairs").toString());

            assertThat(recalls(spark, "default"))
                    .hasSize(2)
                    .allSatisfy((arm, recall) -> assertThat(recall).as(arm).isGreaterThan(4 * CHANCE));
            assertThat(recalls(spark, "raw", "data.scaling.image=none"))
                    .as("the test can fail")
                    .allSatisfy((arm, recall) -> assertThat(recall).as(arm).isLessThan(2 * CHANCE));
        }
    }

    private static List<Row> rows() {
        Random random = new Random(1);
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < ROWS; id++) {
            float[] image = new float[WIDTH];
            float[] text = new float[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                image[i] = (float) random.nextGaussian();
                text[i] = (float) (image[i] + 0.1 * random.nextGaussian());
            }
            image[3] = 1e7f + 100 * image[3];
            rows.add(RowFactory.create(image, text, id));
        }
        return rows;
    }

    /** Recall at 5 of images that search texts, after the last step, by arm. */
    private Map<String, Double> recalls(SparkSession spark, String name, String... more) {
        List<String> assignments = new ArrayList<>(List.of(
                "run.name=" + name,
                "run.out=" + folder.resolve("runs"),
                "run.ranks=1",
                "data.path=" + folder.resolve("pairs"),
                "data.columns.text=text",
                "data.columns.keywords=null",
                "data.columns.concept=null",
                "data.columns.classes=[]",
                "data.train=\"id % 6 > 0\"",
                "data.test=\"id % 6 = 0\"",
                "data.left-out-every=0",
                "training.batch-size=50",
                "training.steps=" + STEPS,
                "training.warmup-steps=5",
                "evaluation.every-steps=" + STEPS,
                "towers.width=8",
                "towers.image.hidden=[16]",
                "towers.text.hidden=[16]",
                "towers.image.input-dropout=0"));
        assignments.addAll(List.of(more));
        LoadedSettings loaded =
                SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()));
        Map<String, Double> recalls = new TreeMap<>();
        Comparison.run(spark, loaded.settings(), loaded.rendered(), new RunListener() {
            @Override
            public void evaluation(Evaluation evaluation) {
                if (evaluation.step() == STEPS) {
                    recalls.put(evaluation.arm(), evaluation.imageToText().get(RetrievalMetric.R5));
                }
            }
        });
        return recalls;
    }
}
