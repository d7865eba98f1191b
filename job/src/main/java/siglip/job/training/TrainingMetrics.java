package siglip.job.training;

import com.codahale.metrics.DefaultSettableGauge;
import com.codahale.metrics.MetricRegistry;
import java.time.Duration;
import siglip.job.stage.Phase;
import siglip.job.stage.RankStep;

/**
 * What driver and executors show of a training while it runs. One for the process, as Spark is; without {@link MetricsPlugin} nobody sees it.
 */
final class TrainingMetrics {
    private static final String ATTEMPTS = "attempts";
    private static final String INCIDENTS = "incidents";
    private static final String STEP = "step";
    private static final String HOP = "hop";
    private static final String WAITING = "waiting";

    private static volatile MetricRegistry driver = new MetricRegistry();
    private static volatile MetricRegistry executor = new MetricRegistry();

    private TrainingMetrics() {}

    /** From now on the driver's go here. Spark shows no registry that is empty at the start. */
    static void useOnDriver(MetricRegistry shown) {
        shown.counter(ATTEMPTS);
        shown.counter(INCIDENTS);
        driver = shown;
    }

    /** From now on those of an executor go here. */
    static void useOnExecutor(MetricRegistry shown) {
        shown.timer(STEP);
        shown.timer(HOP);
        shown.timer(WAITING);
        executor = shown;
    }

    /** A try at a segment begins. */
    static void attempt() {
        driver.counter(ATTEMPTS).inc();
    }

    /** A try at a segment failed, or an arm stopped. */
    static void incident() {
        driver.counter(INCIDENTS).inc();
    }

    /** @param pairs of the global batch */
    static void step(StepRecord record, int pairs) {
        String arm = "arm." + record.arm() + ".";
        set(arm + "step", (double) record.step());
        set(arm + "loss", record.loss());
        set(arm + "gradient_norm", record.gradientNorm());
        set(arm + "pairs_per_second", pairs / record.seconds());
    }

    private static void set(String name, double value) {
        DefaultSettableGauge<Double> gauge = driver.gauge(name, () -> new DefaultSettableGauge<>(value));
        gauge.setValue(value);
    }

    /** One step of one arm on a rank. */
    static void step(RankStep step) {
        update(STEP, step.seconds().total());
        update(HOP, step.seconds().get(Phase.HOPS));
        update(WAITING, step.seconds().waiting());
    }

    private static void update(String name, double seconds) {
        executor.timer(name).update(Duration.ofNanos(Math.round(seconds * 1e9)));
    }
}
