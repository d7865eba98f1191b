package siglip.job.training;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;
import siglip.job.config.PlanSettings;
import siglip.job.losses.Network;
import siglip.job.planning.Rates;
import siglip.job.planning.RunForecast;
import siglip.job.planning.StepForecast;
import siglip.job.planning.TowerBytes;
import siglip.job.planning.Workload;
import siglip.job.stage.Lanes;
import siglip.job.stage.Phase;
import siglip.kernels.Loss;
import siglip.kernels.Numerics;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Precision;

/**
 * Many ranks in one process that exchange what they would in training, over real connections with a delay on each hop, but wait where they would
 * compute: a machine with two cores can then show what 64 machines would, as far as waiting goes. Beside it, what is planned.
 */
final class WaitingRanks {
    static final int ROWS = 16; // of a rank
    static final int WIDTH = 64;

    private final Loss kind;
    private final int ranks;
    private final int steps;
    private final Duration pause;
    private final double bytesPerSecond;
    private final Duration latency;
    private final AtomicInteger waits = new AtomicInteger();

    /**
     * @param pause for a block: in one pass (sigmoid), or a quarter in the first and the rest in the second (softmax)
     * @param bytesPerSecond that leave a rank
     * @param latency of a message
     */
    WaitingRanks(Loss kind, int ranks, int steps, Duration pause, double bytesPerSecond, Duration latency) {
        this.kind = kind;
        this.ranks = ranks;
        this.steps = steps;
        this.pause = pause;
        this.bytesPerSecond = bytesPerSecond;
        this.latency = latency;
    }

    /** Seconds of the loss and its hops, and of the reduction of gradients. */
    record Times(double exchange, double reduce) {}

    /** One core that waits. Every step asks for the towers once, then for each block, then for each tower. */
    private final class WaitingLanes extends Lanes {
        private final boolean open;
        private int asked;

        WaitingLanes(Numerics numerics, int cores) {
            super(numerics, cores);
            open = true;
        }

        @Override
        public void each(IntConsumer work) {
            if (!open) { // while it is made
                super.each(work);
                return;
            }
            int passes = kind == Loss.SIGMOID ? 1 : 2;
            int call = asked++ % (passes * ranks + 3);
            if (call > 0 && call <= passes * ranks) {
                waits.incrementAndGet();
                double share = passes == 1 ? 1 : call <= ranks ? 0.25 : 0.75;
                long end = System.nanoTime() + (long) (share * pause.toNanos());
                for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
            }
        }
    }

    private Rehearsal rehearsal() {
        return new Rehearsal(
                        WIDTH,
                        WIDTH,
                        List.of(
                                "loss.arms=[{name=waits, loss=%s, initial-scale=10}]".formatted(kind.id()),
                                "run.ranks=" + ranks,
                                "training.batch-size=" + ROWS * ranks,
                                "training.steps=" + steps,
                                "training.warmup-steps=0",
                                "loss.products=java",
                                "loss.elementwise=scalar",
                                "loss.tile=16",
                                "towers.width=" + WIDTH,
                                "towers.image.hidden=[]",
                                "towers.text.hidden=[]"))
                .with(WaitingLanes::new)
                .over(bytesPerSecond, latency);
    }

    /** How often a rank waited in place of computing, all ranks together. */
    int waits() {
        return waits.get();
    }

    /** Of all steps but the first, the mean over ranks of the median. */
    Times measure() throws Exception {
        List<StepRecord> records = rehearsal().run();
        List<Double> exchanges = new ArrayList<>();
        List<Double> reductions = new ArrayList<>();
        for (StepRecord record : records.subList(1, records.size())) {
            exchanges.add(record.ranks().stream()
                    .mapToDouble(rank ->
                            rank.seconds().get(Phase.LOSS) + rank.seconds().get(Phase.HOPS))
                    .average()
                    .orElseThrow());
            reductions.add(record.ranks().stream()
                    .mapToDouble(rank -> rank.seconds().get(Phase.REDUCE))
                    .average()
                    .orElseThrow());
        }
        return new Times(median(exchanges), median(reductions));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    /** What is planned for ranks that take the pauses for computing, and nothing for all the rest. */
    StepForecast planned() {
        Rehearsal rehearsal = rehearsal();
        Workload work = Workload.of(rehearsal.settings(), rehearsal.model(), ranks, Precision.FP32);
        double ofPair = pause.toNanos() * 1e-9 / (ROWS * ROWS);
        Rates rates = new Rates(
                0,
                0,
                Map.of(
                        "sigmoid_logit",
                        ofPair,
                        "softmax_logit_first_pass",
                        ofPair / 4,
                        "softmax_logit_second_pass",
                        ofPair * 3 / 4,
                        "merged_column",
                        0.0),
                0,
                0,
                0);
        Network network = new Network(bytesPerSecond, latency.toNanos() * 1e-9, 0, 0);
        PlanSettings limits = rehearsal.settings().plan();
        try (MatrixProducts products = MatrixProducts.open("java", "fp32")) {
            return RunForecast.of(work, rates, network, TowerBytes.of(rehearsal.model(), products), limits)
                    .arms()
                    .get(0);
        }
    }

    /** Prints a table for the numbers of ranks that are given. */
    public static void main(String[] args) throws Exception {
        System.out.printf(
                "%s%n",
                "Seconds of the loss with its hops (and of the reduction): measured, planned, measured over planned");
        System.out.printf(
                "%5s %-8s %-34s %9s %9s %6s   %9s %9s%n",
                "ranks", "loss", "limit", "measured", "planned", "ratio", "reduce", "planned");
        for (String count : args) {
            for (Loss kind : List.of(Loss.SIGMOID, Loss.SOFTMAX)) {
                line(Integer.parseInt(count), kind, "computing: 100 ms, 0.2 MB/s, 10 ms", 2e5);
                line(Integer.parseInt(count), kind, "network: 100 ms, 0.05 MB/s, 10 ms", 5e4);
            }
        }
        System.exit(0); // threads of the network library may still be closing
    }

    private static void line(int ranks, Loss kind, String limit, double bytesPerSecond) throws Exception {
        WaitingRanks waiting =
                new WaitingRanks(kind, ranks, 4, Duration.ofMillis(100), bytesPerSecond, Duration.ofMillis(10));
        Times times = waiting.measure();
        StepForecast planned = waiting.planned();
        double exchange = planned.seconds(Phase.LOSS) + planned.seconds(Phase.HOPS);
        System.out.printf(
                Locale.ROOT,
                "%5d %-8s %-34s %9.3f %9.3f %6.2f   %9.3f %9.3f%n",
                ranks,
                kind.id(),
                limit,
                times.exchange(),
                exchange,
                times.exchange() / exchange,
                times.reduce(),
                planned.seconds(Phase.REDUCE));
    }
}
