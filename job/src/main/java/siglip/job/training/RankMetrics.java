package siglip.job.training;

import com.codahale.metrics.MetricRegistry;
import java.time.Duration;
import siglip.job.stage.Phase;
import siglip.job.stage.RankStep;

/** What an executor shows of its rank's steps. One for the process; without {@link MetricsPlugin} nobody sees it. */
final class RankMetrics {
    private static final String STEP = "step";
    private static final String HOP = "hop";
    private static final String WAITING = "waiting";

    private static volatile MetricRegistry registry = new MetricRegistry();

    private RankMetrics() {}

    /** From now on metrics go here. Spark shows no registry that is empty at the start. */
    static void use(MetricRegistry shown) {
        shown.timer(STEP);
        shown.timer(HOP);
        shown.timer(WAITING);
        registry = shown;
    }

    /** One step of one arm. */
    static void step(RankStep step) {
        update(STEP, step.seconds().total());
        update(HOP, step.seconds().get(Phase.HOPS));
        update(WAITING, step.seconds().waiting());
    }

    private static void update(String name, double seconds) {
        registry.timer(name).update(Duration.ofNanos(Math.round(seconds * 1e9)));
    }
}
