package siglip.job.training;

import com.codahale.metrics.MetricRegistry;
import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Shows a training to the sinks of Spark's metrics (JMX, Prometheus, Graphite, ...), for driver and executors. Spark makes it from its
 * name in {@code spark.plugins}; the registries that it gets are the only ones of Spark that are open to others.
 */
public final class MetricsPlugin implements SparkPlugin {
    @Override
    public DriverPlugin driverPlugin() {
        return new DriverPlugin() {
            @Override
            public void registerMetrics(String application, PluginContext context) {
                TrainingMetrics.useOnDriver(context.metricRegistry());
            }

            @Override
            public void shutdown() {
                TrainingMetrics.useOnDriver(new MetricRegistry());
            }
        };
    }

    @Override
    public ExecutorPlugin executorPlugin() {
        return new ExecutorPlugin() {
            @Override
            public void init(PluginContext context, Map<String, String> fromDriver) {
                TrainingMetrics.useOnExecutor(context.metricRegistry());
            }

            @Override
            public void shutdown() {
                TrainingMetrics.useOnExecutor(new MetricRegistry());
            }
        };
    }
}
