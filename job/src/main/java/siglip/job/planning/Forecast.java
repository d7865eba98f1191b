package siglip.job.planning;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import siglip.job.config.PlanSettings;
import siglip.job.config.Settings;
import siglip.job.losses.Network;
import siglip.job.towers.ModelSpec;
import siglip.kernels.Numerics;
import siglip.kernels.blas.MatrixProducts;

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
    private static final int ROUNDS = 3;

    public Forecast {
        products = List.copyOf(products);
        plans = List.copyOf(plans);
    }

    /**
     * Rates are measured for each number of ranks, with blocks of its size, or 1,024 rows of them; in turns, so that a slow minute of the machine
     * hits all of them.
     *
     * @param ranks how many there may be, each planned for
     */
    public static Forecast of(Settings settings, ModelSpec model, List<Integer> ranks) {
        Network network = network(settings.plan());
        List<Measured> measured =
                Stream.generate(Measured::new).limit(ranks.size()).toList();
        new Measured().add(settings, model, ranks.get(0)); // while Java still compiles: not counted
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < ranks.size(); i++) {
                measured.get(i).add(settings, model, ranks.get(i));
            }
        }
        List<RunForecast> plans = measured.stream()
                .map(each -> RunForecast.of(each.work, each.rounds, network, each.towers, settings.plan()))
                .toList();
        try (RateProbe probe = new RateProbe(settings, model, threads(settings, ranks.get(0)))) {
            return new Forecast(probe.kernels().numerics(), probe.products(), network, plans);
        }
    }

    /** What has been measured for one number of ranks. */
    private static final class Measured {
        private final List<Rates> rounds = new ArrayList<>();
        private Workload work;
        private TowerBytes towers;

        void add(Settings settings, ModelSpec model, int ranks) {
            try (RateProbe probe = new RateProbe(settings, model, threads(settings, ranks))) {
                MatrixProducts products = probe.kernels().products();
                work = Workload.of(settings, model, ranks, products.precision());
                towers = TowerBytes.of(model, products);
                rounds.add(probe.measure(work));
            }
        }
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
