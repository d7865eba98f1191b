package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.towers.ModelSpec;

/** A training as others see it while it runs: the sinks of Spark's metrics, and Spark's pages. */
@Timeout(120)
class MetricsIT {
    private static final int BATCH = 16;
    private static final int STEPS = 6;

    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();

    @Test
    void theSinksOfSparkSeeLossPaceWaitingAttemptsAndIncidentsAndItsPagesWhatRuns() throws Exception {
        SparkConf conf = new SparkConf()
                .setMaster("local[2]")
                .setAppName("metrics")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1")
                .set("spark.plugins", MetricsPlugin.class.getName())
                .set("spark.metrics.conf.*.sink.jmx.class", "org.apache.spark.metrics.sink.JmxSink");
        ConcurrentLinkedQueue<String> jobs = new ConcurrentLinkedQueue<>();
        try (JavaSparkContext spark = new JavaSparkContext(conf)) {
            spark.sc().addSparkListener(new SparkListener() {
                @Override
                public void onJobStart(SparkListenerJobStart start) {
                    jobs.add(start.properties().getProperty("spark.jobGroup.id") + ": "
                            + start.properties().getProperty("spark.job.description"));
                }
            });
            GeneratedSource source = new GeneratedSource(BATCH, 12, 0, 30);
            Settings settings = settings();
            Last last = new Last();
            new Trainer(
                            spark,
                            settings,
                            ModelSpec.of(settings.towers(), source.shape()),
                            new FailingSource(source, 1, 3),
                            last)
                    .run(STEPS);

            for (String arm : List.of("siglip", "clip")) {
                StepRecord step = last.steps.get(arm);
                assertThat(value("arm." + arm + ".loss", "Value")).isEqualTo(step.loss());
                assertThat(value("arm." + arm + ".gradient_norm", "Value")).isEqualTo(step.gradientNorm());
                assertThat(value("arm." + arm + ".step", "Value")).isEqualTo(STEPS - 1.0);
                assertThat(value("arm." + arm + ".pairs_per_second", "Value")).isEqualTo(BATCH / step.seconds());
            }
            assertThat(value("attempts", "Count")).isEqualTo(2L);
            assertThat(value("incidents", "Count")).isEqualTo(1L);
            long steps = 2 * 2 * STEPS; // ranks, arms; the failure may have overtaken the end of one step
            for (String timer : List.of("step", "hop", "waiting")) {
                assertThat(value(timer, "Count")).as(timer).isIn(steps - 1, steps);
            }
            assertThat((double) value("waiting", "Mean")).isPositive().isGreaterThanOrEqualTo((double)
                    value("hop", "Min"));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (jobs.size() < 2 && System.nanoTime() < deadline) {
                Thread.sleep(50);
            }
        }
        assertThat(jobs)
                .containsExactly(
                        "watched-attempt-1: train siglip, clip: epoch 0, steps 0 to 5, attempt 1",
                        "watched-attempt-2: train siglip, clip: epoch 0, steps 3 to 5, attempt 2");
    }

    private Object value(String metric, String attribute) throws Exception {
        Set<ObjectName> found = beans.queryNames(
                new ObjectName("metrics:name=*plugin." + MetricsPlugin.class.getName() + "." + metric + ",*"), null);
        assertThat(found).as(metric).hasSize(1);
        return beans.getAttribute(found.iterator().next(), attribute);
    }

    private static Settings settings() {
        return SettingsLoader.load(new SettingsSources(
                        List.of(
                                "run.name=watched",
                                "run.ranks=2",
                                "training.batch-size=" + BATCH,
                                "training.steps=" + STEPS,
                                "training.warmup-steps=2",
                                "towers.width=16",
                                "towers.image.hidden=[24]",
                                "towers.text.hidden=[20]",
                                "towers.table.buckets=16",
                                "towers.table.width=8"),
                        Map.of(),
                        Map.of(),
                        Optional.empty()))
                .settings();
    }

    /** The last step of each arm. */
    private static final class Last implements TrainingListener {
        private final Map<String, StepRecord> steps = new java.util.HashMap<>();

        @Override
        public void step(StepRecord step) {
            steps.put(step.arm(), step);
        }

        @Override
        public void incident(String text) {}
    }
}
