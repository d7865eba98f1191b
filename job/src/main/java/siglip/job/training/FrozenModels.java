package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.batches.BatchSource;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.optimizer.Gradient;
import siglip.job.optimizer.Slot;
import siglip.job.towers.ModelSpec;

/** Gradients of losses at parameters that stay as they are. The ranks compute them as in training, and the driver collects and moves nothing. */
public final class FrozenModels {
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    private final Settings settings;
    private final ModelSpec model;
    private final Segments segments;

    /** @param listener told of attempts that fail, and of each gradient's step */
    public FrozenModels(
            JavaSparkContext spark, Settings settings, ModelSpec model, BatchSource source, TrainingListener listener) {
        this.settings = settings;
        this.model = model;
        segments = new Segments(
                spark, settings, model, source, listener, Optional.of("measurement-" + NUMBERS.incrementAndGet()));
    }

    /**
     * A loss at parameters.
     *
     * @param values of towers, table and the loss's scalars; shared, and not written
     */
    public record Point(LossSettings.Arm arm, Slot values) {}

    /** Is handed each gradient once: batch by batch, and of each batch in the order of the points. */
    public interface Taker {
        /**
         * @param point number of the point, from 0
         * @param batch number of the batch, from 0
         * @param loss of the batch, divided by its pairs
         * @param gradient of that; as long as those of the other points of this batch are taken
         */
        void take(int point, long batch, double loss, Gradient gradient);
    }

    /**
     * Computes the gradient of each of the points on each of the first batches.
     *
     * @throws siglip.job.formats.DataException if a loss is no number
     */
    public void gradients(List<Point> points, int batches, Taker taker) {
        List<GradientTaker> halves = new ArrayList<>();
        for (Point point : points) {
            ArmState state = new ArmState(halves.size(), point.arm(), model.layout(), point.values());
            halves.add(new GradientTaker(
                    state, segments.pieces(), settings.training().batchSize(), taker));
        }
        segments.run(halves, batches, step -> Optional.empty());
    }
}
