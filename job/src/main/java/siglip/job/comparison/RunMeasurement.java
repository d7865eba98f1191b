package siglip.job.comparison;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.config.Settings;
import siglip.job.data.PairData;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.formats.DataException;
import siglip.job.frozen.FrozenFigures;
import siglip.job.frozen.FrozenJson;
import siglip.job.frozen.FrozenMeasurement;
import siglip.job.stage.TrainingException;
import siglip.job.towers.ModelSpec;
import siglip.job.training.Trainer;

/** The gradients of all losses at the parameters of all arms, where a run asks for them at its evaluations: a file each, {@code stability/step-120.json}. */
final class RunMeasurement {
    /** The folder of the files, in that of the run. */
    static final String FOLDER = "stability";

    private final JavaSparkContext spark;
    private final Settings settings;
    private final ModelSpec model;
    private final PairData data;

    RunMeasurement(JavaSparkContext spark, Settings settings, ModelSpec model, PairData data) {
        this.spark = spark;
        this.settings = settings;
        this.model = model;
        this.data = data;
    }

    /** Measures after so many steps, if the run asks for it. What keeps it from that is an incident. */
    void at(long step, Trainer trainer, RunLog log) {
        if (settings.measure().frozenBatches() > 0) {
            try {
                measure(step, trainer, log);
            } catch (DataException | TrainingException | IOException e) { // the training itself is as good without
                log.incident("gradients were not measured after %d steps: %s".formatted(step, e.getMessage()));
            }
        }
    }

    /** The same where the driver before this one may have done it. */
    void missing(long step, Trainer trainer, RunLog log) {
        if (settings.measure().frozenBatches() > 0 && !exists(step)) {
            at(step, trainer, log);
        }
    }

    private void measure(long step, Trainer trainer, RunLog log) throws IOException {
        int batches = settings.measure().frozenBatches();
        FrozenFigures figures;
        try (FrozenMeasurement measurement =
                FrozenMeasurement.open(spark, settings, model, data, batches, log::phase)) {
            figures = new FrozenFigures(
                    settings.training().batchSize(),
                    batches,
                    measurement.at(settings.run().folder(), step, trainer.snapshots()));
        }
        byte[] json = json(figures);
        Path file = file(step);
        WholeFile.write(files(file), file, out -> out.write(json));
    }

    private boolean exists(long step) {
        try {
            Path file = file(step);
            return files(file).exists(file);
        } catch (IOException e) {
            return false; // writing it will say why
        }
    }

    private static byte[] json(FrozenFigures figures) throws JsonProcessingException {
        return (FrozenJson.of(figures).toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private Path file(long step) throws IOException {
        return FileSystems.path("%s/%s/step-%d.json".formatted(settings.run().folder(), FOLDER, step));
    }

    private FileSystem files(Path file) throws IOException {
        Configuration hadoop = spark.hadoopConfiguration();
        return FileSystems.of(file, hadoop);
    }
}
