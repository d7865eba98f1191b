package siglip.job.planning;

import java.util.ArrayList;
import java.util.List;
import siglip.job.config.PlanSettings;
import siglip.job.config.Settings;
import siglip.job.losses.Network;
import siglip.job.towers.ModelSpec;
import siglip.kernels.Numerics;

/**
 * Measures this machine and predicts a run. Nothing of the run's size is allocated, but its model once for each core that
 * measures.
 *
 * @param numerics what was measured with
 * @param products what the product library reaches, in each precision that it has here
 * @param network what was measured, or set
 * @param plans one for each number of ranks
 */
public record Forecast(Numerics numerics, List<ProductRates> products, Network network, List<RunForecast> plans) {
    public Forecast {
        products = List.copyOf(products);
        plans = List.copyOf(plans);
    }

    /**
     * Rates are measured for each number of ranks, with blocks of its size, or 1,024 rows of them.
     *
     * @param ranks how many there may be, each planned for
     */
    public static Forecast of(Settings settings, ModelSpec model, List<Integer> ranks) {
        Network network = network(settings.plan());
        List<RunForecast> plans = new ArrayList<>();
        List<ProductRates> products = List.of();
        Numerics numerics = settings.loss().numerics();
        for (int count : ranks) {
            try (RateProbe probe = new RateProbe(settings, model, threads(settings, count))) {
                Workload work = Workload.of(
                        settings, model, count, probe.kernels().products().precision());
                TowerBytes towers = TowerBytes.of(model, probe.kernels().products());
                plans.add(RunForecast.of(work, probe.measure(work), network, towers, settings.plan()));
                if (products.isEmpty()) {
                    products = probe.products();
                    numerics = probe.kernels().numerics();
                }
            }
        }
        return new Forecast(numerics, products, network, plans);
    }

    /** As many as a machine of this one's size would have at work. */
    private static int threads(Settings settings, int ranks) {
        long lanes = (long) ranks * settings.run().coresPerRank();
        return (int) Math.min(Runtime.getRuntime().availableProcessors(), lanes);
    }

    private static Network network(PlanSettings settings) {
        Network here = LoopbackProbe.measure();
        return new Network(
                settings.bandwidth().isPresent() ? settings.bandwidth().getAsLong() : here.bandwidth(),
                settings.latency().map(latency -> latency.toNanos() * 1e-9).orElse(here.latency()),
                here.message(),
                here.processing());
    }
}
