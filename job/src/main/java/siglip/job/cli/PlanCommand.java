package siglip.job.cli;

import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import siglip.job.config.LossSettings;
import siglip.job.config.PlanSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.data.FirstPair;
import siglip.job.features.PairShape;
import siglip.job.planning.Forecast;
import siglip.job.planning.PlanJson;
import siglip.job.planning.PlanTable;
import siglip.job.towers.ModelSpec;

@Command(
        name = "plan",
        description = {
            "Predicts what a step of each arm takes on a cluster of any size: time, memory and bytes.",
            "It measures the rates that it needs on this machine, in three rounds, and says how far their steps are apart.",
            "Settings under 'plan' describe the network, the available memory and, if there are no data yet, the widths of a pair."
        })
final class PlanCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--ranks",
            paramLabel = "D",
            split = ",",
            description = "Numbers of ranks to plan for, such as 2,8,64 (default: run.ranks).")
    private List<Integer> ranks = List.of();

    @Option(names = "--json", description = "Prints one JSON object, for programs.")
    private boolean json;

    @Override
    public void run() {
        Settings settings = options.load(List.of()).settings();
        List<Integer> counts = ranks.isEmpty() ? List.of(settings.run().ranks()) : ranks;
        counts.forEach(count -> check(count, settings.training().batchSize()));
        settings.loss().arms().forEach(PlanCommand::refusePrecision);
        ModelSpec model = model(settings);
        Forecast forecast = Forecast.of(settings, model, counts);
        String answer = json
                ? PlanJson.of(forecast).toPrettyString()
                : PlanTable.of(forecast).stripTrailing();
        spec.commandLine().getOut().println(answer);
    }

    /** Rates are measured in one precision. */
    private static void refusePrecision(LossSettings.Arm arm) {
        arm.precision().ifPresent(own -> {
            throw new SettingsException(List.of(
                    "loss.arms: cannot plan arm %s in a precision of its own (%s). Leave precision out, and plan once with each loss.precision"
                            .formatted(arm.name(), own.id())));
        });
    }

    private void check(int count, int batchSize) {
        if (count < 1 || count > batchSize) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Cannot plan for %d ranks: each rank needs a pair of the %d (training.batch-size)"
                            .formatted(count, batchSize));
        }
    }

    /** With the widths that are set, or those of the first row of the data. */
    private static ModelSpec model(Settings settings) {
        PlanSettings plan = settings.plan();
        if (plan.imageWidth().isPresent()) {
            PairShape shape =
                    new PairShape(plan.imageWidth().getAsInt(), plan.textWidth().orElse(0));
            return ModelSpec.of(settings.towers(), shape, new Configuration());
        }
        try (SparkSession spark = Sessions.open("plan")) {
            PairShape shape = FirstPair.shape(
                    spark, settings.data(), settings.towers().table().buckets());
            return ModelSpec.of(settings.towers(), shape, spark.sparkContext().hadoopConfiguration());
        }
    }
}
