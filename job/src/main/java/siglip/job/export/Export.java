package siglip.job.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import siglip.job.batches.BatchSource;
import siglip.job.config.Choice;
import siglip.job.config.LossSettings;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.config.TowerTraining;
import siglip.job.config.TrainingSettings;
import siglip.job.data.PairData;
import siglip.job.files.OwnFolder;
import siglip.job.losses.LossSpec;
import siglip.job.towers.ModelSpec;

/**
 * Writes what a run starts from, for a twin of it in another program: the pairs and the order of their batches ({@link ExportedPairs}), the
 * initial parameters ({@link ExportedTowers}), what to do with them ({@code training.json}), and all settings as they can be loaded again
 * ({@code settings.conf}).
 */
public final class Export {
    private Export() {}

    /**
     * Writes the files, in place of what the program has written there before.
     *
     * @param rendered the settings as text
     * @throws IOException if they cannot be written
     */
    public static void write(SparkSession session, Settings settings, String rendered, OwnFolder folder)
            throws IOException {
        Configuration hadoop = session.sparkContext().hadoopConfiguration();
        TrainingSettings training = settings.training();
        long seed = settings.run().seed();
        refuseStarts(settings);
        try (PairData data = PairData.open(
                        session, settings.data(), settings.towers().table().buckets());
                BatchSource source = data.source(training.batchSize(), training.textsPerImage(), seed)) {
            ModelSpec model = ModelSpec.of(settings.towers(), data.shape(), hadoop);
            folder.clear();
            ExportFolder files = new ExportFolder(folder);
            ExportedTowers.write(files, model, seed);
            ExportedPairs.write(
                    files,
                    data,
                    source.plan(),
                    training.steps(),
                    settings.evaluation().maxRows());
            files.write("training.json", training(settings));
            files.write("settings.conf", rendered);
        }
    }

    /** What is written are the towers from scratch. */
    private static void refuseStarts(Settings settings) {
        for (LossSettings.Arm arm : settings.loss().arms()) {
            if (arm.image().start().isPresent() || arm.text().start().isPresent()) {
                throw new SettingsException(
                        List.of("towers.*.start: cannot export what arm %s starts from, a saved model. Set it to null"
                                .formatted(arm.name())));
            }
        }
    }

    private static ObjectNode training(Settings settings) {
        TrainingSettings training = settings.training();
        ObjectNode json = new ObjectMapper().createObjectNode();
        ArrayNode arms = json.putArray("arms");
        for (LossSettings.Arm arm : settings.loss().arms()) {
            ObjectNode node = arms.addObject()
                    .put("name", arm.name())
                    .put("loss", arm.loss().id());
            LossSpec.shownStarts(arm, training.batchSize()).forEach(node::put);
            arm.form().named().forEach(node.putObject("options")::putPOJO);
            node.put("maxScale", arm.maxScale()).put("duplicates", Choice.name(arm.duplicates()));
            arm.precision().ifPresent(own -> node.put("precision", own.id()));
            put(node, arm.optimizer());
            put(node.putObject("image"), arm.image());
            put(node.putObject("text"), arm.text());
        }
        json.put("steps", training.steps());
        return json;
    }

    private static void put(ObjectNode json, OptimizerSettings optimizer) {
        json.put("optimizer", optimizer.kind().id());
        json.put("learningRate", optimizer.learningRate());
        json.put("warmupSteps", optimizer.warmupSteps());
        json.put("finalLearningRate", optimizer.finalLearningRate());
        json.put("beta1", optimizer.beta1());
        json.put("beta2", optimizer.beta2());
        json.put("epsilon", optimizer.epsilon());
        json.put("weightDecay", optimizer.weightDecay());
        json.put("scalarLearningRateFactor", optimizer.scalarLearningRateFactor());
        optimizer.clipNorm().ifPresent(norm -> json.put("clipNorm", norm));
    }

    private static void put(ObjectNode json, TowerTraining tower) {
        tower.start().ifPresent(folder -> json.put("start", folder));
        json.put("learningRateFactor", tower.learningRateFactor());
        json.put("weightDecay", tower.weightDecay());
    }
}
