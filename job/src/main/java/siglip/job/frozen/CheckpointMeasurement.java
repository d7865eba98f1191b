package siglip.job.frozen;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import siglip.job.checkpoint.RunIdentity;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.data.PairData;
import siglip.job.model.TowerStarts;
import siglip.job.planning.RunLimits;
import siglip.job.towers.ModelSpec;
import siglip.job.training.ArmSnapshot;

/** Measures the losses of the settings at the parameters of checkpoints, on batches that are independent of each other. */
public final class CheckpointMeasurement {
    private static final List<String> HOW_TRAINED = List.of(".start", ".learning-rate-factor", ".weight-decay");

    private CheckpointMeasurement() {}

    /**
     * @param checkpoints whose arms are taken, but for those that had stopped
     * @param batches K
     * @param progress told what is being done
     * @throws SettingsException if a checkpoint is of other towers or other data
     * @throws siglip.job.formats.DataException if the data cannot be read, or a loss is no number
     */
    public static FrozenFigures run(
            SparkSession session,
            LoadedSettings loaded,
            List<StoredCheckpoint> checkpoints,
            int batches,
            Consumer<String> progress) {
        Settings settings = loaded.settings();
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        progress.accept("reading pairs from " + settings.data().path());
        Configuration hadoop = session.sparkContext().hadoopConfiguration();
        TowerStarts starts = TowerStarts.read(settings.loss().arms(), hadoop); // whose scaling the run had, if any
        try (PairData data = PairData.open(
                session, settings.data(), settings.towers().table().buckets(), starts.scaling())) {
            ModelSpec model = ModelSpec.of(settings.towers(), data.shape(), hadoop);
            RunLimits.check(settings, model, Runtime.getRuntime().maxMemory());
            checkpoints.forEach(
                    each -> check(each, loaded, hadoop, data.summary().fingerprint(), model));
            List<FrozenFigures.OfModel> figures = new ArrayList<>();
            try (FrozenMeasurement measurement =
                    FrozenMeasurement.open(spark, settings, model, data, batches, progress)) {
                for (StoredCheckpoint checkpoint : checkpoints) {
                    figures.addAll(measurement.at(checkpoint.path().toString(), checkpoint.step(), arms(checkpoint)));
                }
            }
            return new FrozenFigures(settings.training().batchSize(), batches, figures);
        }
    }

    /** Those that trained on. */
    private static List<ArmSnapshot> arms(StoredCheckpoint checkpoint) {
        return checkpoint.checkpoint().training().arms().stream()
                .filter(arm -> arm.stopped().isEmpty())
                .toList();
    }

    /** Losses, optimizers and batches may be others than those of the run; towers and data make the parameters what they are. */
    private static void check(
            StoredCheckpoint checkpoint, LoadedSettings loaded, Configuration hadoop, String data, ModelSpec model) {
        RunIdentity theirs = checkpoint.checkpoint().identity();
        Map<String, String> mine = shapes(RunIdentity.of(loaded, hadoop).settings());
        Map<String, String> trained = shapes(theirs.settings());
        mine.keySet().retainAll(trained.keySet()); // of another version there may be fewer: then the sizes tell
        trained.keySet().retainAll(mine.keySet());
        List<String> differences =
                new ArrayList<>(new RunIdentity(mine, data).differencesFrom(new RunIdentity(trained, theirs.data())));
        List<ArmSnapshot> arms = arms(checkpoint);
        if (arms.isEmpty()) {
            differences.add("all its arms had stopped");
        }
        int table = model.layout().tableRows() * model.layout().tableWidth();
        for (ArmSnapshot arm : arms) {
            int dense = arm.parameters().dense().length;
            int rows = arm.parameters().table().length;
            if (dense != model.layout().dense() || rows != table) {
                differences.add("arm %s has %d parameters of towers and %d of a table, these settings make %d and %d"
                        .formatted(arm.arm(), dense, rows, model.layout().dense(), table));
            }
        }
        if (!differences.isEmpty()) {
            throw new SettingsException(
                    List.of("Cannot measure at %s: %s. Give the settings of its run with --config or --set"
                            .formatted(checkpoint.path(), String.join("; ", differences))));
        }
    }

    /** What makes towers what they are; how they are trained is another matter. */
    private static Map<String, String> shapes(Map<String, String> settings) {
        Map<String, String> found = new TreeMap<>(settings);
        found.keySet()
                .removeIf(
                        key -> !key.contains("towers.") || HOW_TRAINED.stream().anyMatch(key::endsWith));
        return found;
    }
}
