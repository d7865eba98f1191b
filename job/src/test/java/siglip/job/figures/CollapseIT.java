package siglip.job.figures;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.comparison.Comparison;
import siglip.job.comparison.RunListener;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.TestData;
import siglip.job.evaluation.Evaluation;
import siglip.job.figures.ArmVerdict.Outcome;
import siglip.job.report.SummaryTable;
import siglip.job.stability.PairFigure;

/** A sigmoid arm at a learning rate that it bears, and at one that it does not; and one without a signal. */
class CollapseIT {
    private static final int ROWS = 480;
    private static final int WIDTH = 8;

    @TempDir
    private Path folder;

    @Test
    void anArmThatDiesIsNamedAndOneThatLearnsIsNot() {
        try (SparkSession spark = TestData.session(2)) {
            RunFigures alive = run(spark, "alive", 0.1, "training.learning-rate=1e-2");
            RunFigures dead = run(spark, "dead", 0.1, "training.learning-rate=3");
            RunFigures unrelated = run(spark, "unrelated", 1e6, "training.learning-rate=1e-2");

            assertThat(alive.arms().get(0).verdict().outcome()).isEqualTo(Outcome.LEARNED);
            assertThat(alive.result().incidents()).isEmpty();
            Evaluation last = alive.arms().get(0).last(HeldOut.UNSORTED).orElseThrow();
            assertThat(last.pairs().get(PairFigure.PAIRS)).isEqualTo(160);
            assertThat(last.trainingPairs().get(PairFigure.PAIRS)).isEqualTo(256);
            assertThat(last.pairs().get(PairFigure.AUROC)).as("pairs are pairs").isGreaterThan(0.8);
            assertThat(last.trainingPairs().get(PairFigure.AUROC)).isGreaterThan(0.8);

            ArmVerdict verdict = dead.arms().get(0).verdict();
            assertThat(verdict.outcome()).isEqualTo(Outcome.COLLAPSED);
            assertThat(verdict.reason())
                    .contains("that of the best constant predictor (4.902 nats"); // ln 50 + 49 ln(50/49)
            assertThat(dead.result().incidents())
                    .singleElement()
                    .asString()
                    .startsWith("arm siglip has collapsed: from");
            assertThat(dead.arms().get(0).stopped()).isEmpty();
            Evaluation ended = dead.arms().get(0).last(HeldOut.UNSORTED).orElseThrow();
            assertThat(ended.pairs().get(PairFigure.INFONCE))
                    .as("as if nothing were known")
                    .isGreaterThan(0.9 * Math.log(160));
            assertThat(SummaryTable.of(dead)).contains("siglip collapsed: from step");

            assertThat(unrelated.arms().get(0).verdict().outcome()).isEqualTo(Outcome.AT_CHANCE);
        }
    }

    /** @param noise of the texts, which otherwise equal the images */
    private RunFigures run(SparkSession spark, String name, double noise, String... more) {
        DataType floats = DataTypes.createArrayType(DataTypes.FloatType);
        StructType schema =
                new StructType().add("image", floats).add("text", floats).add("id", DataTypes.IntegerType);
        String pairs = folder.resolve("pairs-" + name).toString();
        spark.createDataFrame(rows(noise), schema).coalesce(1).write().parquet(pairs);
        List<String> assignments = new ArrayList<>(List.of(
                "run.name=" + name,
                "run.out=" + folder.resolve("runs"),
                "run.ranks=1",
                "data.path=" + pairs,
                "data.columns.text=text",
                "data.columns.keywords=null",
                "data.columns.concept=null",
                "data.columns.classes=[]",
                "data.train=\"id % 3 > 0\"",
                "data.test=\"id % 3 = 0\"",
                "data.left-out-every=0",
                "loss.arms=[{name = siglip, loss = sigmoid, initial-scale = 10}]",
                "training.batch-size=50",
                "training.steps=300",
                "training.warmup-steps=5",
                "evaluation.every-steps=100",
                "towers.width=8",
                "towers.image.hidden=[16]",
                "towers.text.hidden=[16]",
                "towers.image.input-dropout=0"));
        assignments.addAll(List.of(more));
        LoadedSettings loaded =
                SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()));
        return RunFigures.of(Comparison.run(spark, loaded.settings(), loaded.rendered(), new RunListener() {}));
    }

    private static List<Row> rows(double noise) {
        Random random = new Random(1);
        List<Row> rows = new ArrayList<>();
        for (int id = 0; id < ROWS; id++) {
            float[] image = new float[WIDTH];
            float[] text = new float[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                image[i] = (float) random.nextGaussian();
                text[i] = (float) (image[i] + noise * random.nextGaussian());
            }
            rows.add(RowFactory.create(image, text, id));
        }
        return rows;
    }
}
