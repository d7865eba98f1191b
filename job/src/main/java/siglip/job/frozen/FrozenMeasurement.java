package siglip.job.frozen;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.batches.BatchSource;
import siglip.job.config.Settings;
import siglip.job.data.PairData;
import siglip.job.optimizer.PartProducts;
import siglip.job.towers.ModelSpec;
import siglip.job.training.ArmSnapshot;
import siglip.job.training.FrozenModels;
import siglip.job.training.StepRecord;
import siglip.job.training.TrainingListener;
import siglip.kernels.blas.Precision;

/**
 * Measures the losses of the settings at the parameters of arms, on batches that are independent of each other and of those of the training. In float32
 * whatever a run computes in: elsewhere differences of gradients would say more of rounding than of the loss.
 */
public final class FrozenMeasurement implements AutoCloseable {
    private final Settings settings;
    private final ModelSpec model;
    private final BatchSource source;
    private final int batches;
    private final Consumer<String> progress;
    private final FrozenModels models;

    private FrozenMeasurement(
            JavaSparkContext spark,
            Settings settings,
            ModelSpec model,
            BatchSource source,
            int batches,
            Consumer<String> progress) {
        this.settings = settings;
        this.model = model;
        this.source = source;
        this.batches = batches;
        this.progress = progress;
        models = new FrozenModels(spark, settings, model, source, listener(progress));
    }

    /**
     * @param batches K
     * @param progress told what is being done
     */
    public static FrozenMeasurement open(
            JavaSparkContext spark,
            Settings settings,
            ModelSpec model,
            PairData data,
            int batches,
            Consumer<String> progress) {
        BatchSource source = data.independentBatches(
                settings.training().batchSize(),
                settings.training().textsPerImage(),
                settings.run().seed());
        return new FrozenMeasurement(
                spark, settings.with(settings.loss().in(Precision.FP32)), model, source, batches, progress);
    }

    /**
     * @param where the arms were taken from, for people
     * @throws siglip.job.formats.DataException if a loss is no number there
     */
    public List<FrozenFigures.OfModel> at(String where, long step, List<ArmSnapshot> arms) {
        List<FrozenFigures.OfModel> figures = new ArrayList<>();
        for (ArmSnapshot arm : arms) {
            progress.accept("measuring %d losses at the parameters of %s after %d steps, on %d batches"
                    .formatted(settings.loss().arms().size(), arm.arm(), step, batches));
            figures.add(new ModelMeasurement(
                            models,
                            new PartProducts(model.layout()),
                            settings.loss().arms(),
                            arm,
                            settings.training().batchSize(),
                            batches)
                    .measure(where, step));
        }
        return figures;
    }

    private static TrainingListener listener(Consumer<String> progress) {
        return new TrainingListener() {
            @Override
            public void step(StepRecord step) {}

            @Override
            public void phase(String text) {
                progress.accept(text);
            }

            @Override
            public void incident(String text) {
                progress.accept(text);
            }
        };
    }

    @Override
    public void close() {
        source.close();
    }
}
