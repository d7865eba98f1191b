package siglip.job.comparison;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.TestData;
import siglip.job.evaluation.Evaluation;
import siglip.job.model.ModelFiles;
import siglip.job.model.SavedModel;
import siglip.job.towers.Modality;

/** Arms that start from towers of saved models, on other rows, whose statistics are not those of the first run. */
class TowerStartsIT {
    private static final int ROWS = 480;
    private static final int WIDTH = 8;
    private static final int STEPS = 60;

    @TempDir
    private Path folder;

    /** Of each evaluation, recall of images that search texts, by arm and step. */
    private final Map<String, Evaluation> evaluations = new TreeMap<>();

    @Test
    void towersAreTakenOverWithTheirScaleAndFrozenIfAsked() throws IOException {
        try (SparkSession spark = TestData.session(2)) {
            DataType floats = DataTypes.createArrayType(DataTypes.FloatType);
            StructType schema =
                    new StructType().add("image", floats).add("text", floats).add("id", DataTypes.IntegerType);
            spark.createDataFrame(rows(), schema)
                    .coalesce(1)
                    .write()
                    .parquet(folder.resolve("pairs").toString());
            run(spark, "first", "[{name = a, loss = sigmoid, initial-scale = 10}]", "data.train=\"id % 6 > 0\"");
            String saved = folder.resolve("runs/first/models/a").toString();
            String start = "start = \"" + saved + "\"";
            run(
                    spark,
                    "second",
                    """
                    [{name = warm, loss = sigmoid, initial-scale = 10, towers { image { %1$s }, text { %1$s } }}
                     {name = frozen, loss = softmax, initial-scale = 10, towers.image { %1$s, learning-rate-factor = 0 }}
                     {name = scratch, loss = sigmoid, initial-scale = 10, training.optimizer = lion, training.learning-rate = 1e-3}]"""
                            .formatted(start),
                    "data.train=\"id % 6 > 2\"");

            assertThat(evaluations.get("second warm 0").imageToText())
                    .as("the first model, measured again")
                    .isEqualTo(evaluations.get("first a " + STEPS).imageToText());
            assertThat(evaluations.get("second warm " + STEPS).imageToText())
                    .isNotEqualTo(evaluations.get("second warm 0").imageToText());
            SavedModel first = read(saved);
            SavedModel frozen = read(folder.resolve("runs/second/models/frozen").toString());
            SavedModel warm = read(folder.resolve("runs/second/models/warm").toString());
            assertThat(image(frozen)).isEqualTo(image(first));
            assertThat(image(warm)).isNotEqualTo(image(first));
            assertThat(text(frozen)).isNotEqualTo(text(first));
            assertThat(warm.scaling()).isEqualTo(first.scaling());
            assertThat(evaluations.get("second scratch " + STEPS).imageToText())
                    .isNotEqualTo(evaluations.get("second scratch 0").imageToText());

            assertThatThrownBy(() -> run(
                            spark,
                            "third",
                            "[{name = a, loss = sigmoid, initial-scale = 10, towers.image { %s }}]".formatted(start),
                            "towers.image.hidden=[15]"))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("towers.image.start: cannot start from the model in " + saved)
                    .hasMessageContaining("its tower has the layers");
            assertThatThrownBy(() -> run(
                            spark,
                            "fourth",
                            "[{name = a, loss = sigmoid, initial-scale = 10}]",
                            "towers.text.start=" + folder.resolve("nowhere")))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining(
                            "towers.text.start: cannot start from the model in " + folder.resolve("nowhere") + ": ");
        }
    }

    private static SavedModel read(String path) throws IOException {
        return ModelFiles.read(new org.apache.hadoop.fs.Path(path), new Configuration());
    }

    private static float[] image(SavedModel model) {
        return model.parameters().of(Modality.IMAGE).toArray();
    }

    private static float[] text(SavedModel model) {
        return model.parameters().of(Modality.TEXT).toArray();
    }

    private static List<Row> rows() {
        Random random = new Random(1);
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < ROWS; id++) {
            float[] image = new float[WIDTH];
            float[] text = new float[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                image[i] = (float) (random.nextGaussian() + id % 6);
                text[i] = (float) (image[i] + 0.1 * random.nextGaussian());
            }
            rows.add(RowFactory.create(image, text, id));
        }
        return rows;
    }

    private void run(SparkSession spark, String name, String arms, String... more) {
        List<String> assignments = new ArrayList<>(List.of(
                "run.name=" + name,
                "run.out=" + folder.resolve("runs"),
                "run.ranks=2",
                "loss.arms=" + arms,
                "data.path=" + folder.resolve("pairs"),
                "data.columns.text=text",
                "data.columns.keywords=null",
                "data.columns.concept=null",
                "data.columns.classes=[]",
                "data.train=null",
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
        assignments.addAll(Arrays.asList(more));
        LoadedSettings loaded =
                SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()));
        Comparison.run(spark, loaded.settings(), loaded.rendered(), new RunListener() {
            @Override
            public void evaluation(Evaluation evaluation) {
                evaluations.put("%s %s %d".formatted(name, evaluation.arm(), evaluation.step()), evaluation);
            }
        });
    }
}
