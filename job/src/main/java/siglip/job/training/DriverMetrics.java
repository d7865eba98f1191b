package siglip.job.training;

import com.codahale.metrics.DefaultSettableGauge;
import com.codahale.metrics.MetricRegistry;

/**
 * What the driver shows of a training while it runs. One for the process, as Spark is; without {@link MetricsPlugin} nobody sees it.
 */
final class DriverMetrics {
    private static final String ATTEMPTS = "attempts";
    private static final String INCIDENTS = "incidents";

    private static volatile MetricRegistry registry = new MetricRegistry();

    private DriverMetrics() {}

    /** From now on metrics go here. Spark shows no registry that is empty at the start. */
    static void use(MetricRegistry shown) {
        shown.counter(ATTEMPTS);
        shown.counter(INCIDENTS);
        registry = shown;
    }

    /** A try at a segment begins. */
    static void attempt() {
        registry.counter(ATTEMPTS).inc();
    }

    /** A try at a segment failed, or an arm stopped. */
    static void incident() {
        registry.counter(INCIDENTS).inc();
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
        DefaultSettableGauge<Double> gauge = registry.gauge(name, () -> new DefaultSettableGauge<>(value));
        gauge.setValue(value);
    }
}
