package siglip.job.training;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import siglip.job.batches.Batch;
import siglip.job.batches.RankBatches;
import siglip.job.config.LossSettings;
import siglip.job.config.PortRange;
import siglip.job.config.RingSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.losses.LossSpec;
import siglip.job.order.Slices;
import siglip.job.ring.Circle;
import siglip.job.ring.DriverNode;
import siglip.job.ring.RankNode;
import siglip.job.stage.Lanes;
import siglip.job.towers.ModelSpec;
import siglip.kernels.Numerics;

/** A segment without Spark: the ranks' and the driver's own code, in one process, over real connections on loopback. */
final class Rehearsal {
    private static final RingSettings RING = new RingSettings(
            Duration.ofSeconds(120),
            Duration.ofSeconds(120),
            Duration.ofSeconds(120),
            Duration.ofSeconds(2),
            Duration.ofSeconds(60),
            PortRange.ANY,
            false);

    private final Settings settings;
    private final ModelSpec model;
    private final GeneratedSource source;
    private final List<StepRecord> records = Collections.synchronizedList(new ArrayList<>());
    private final List<ArmUpdate> authorities = new ArrayList<>();
    private LaneMaker lanes = Lanes::new;
    private Observer observer = (rank, step) -> {};
    private double bytesPerSecond = Double.POSITIVE_INFINITY;
    private Duration latency = Duration.ZERO;

    /** Makes the cores of a rank. */
    interface LaneMaker {
        Lanes open(Numerics numerics, int cores);
    }

    /** Is told on each rank's thread that all arms have done a step. */
    interface Observer {
        void after(int rank, long step);
    }

    /** With features of these widths (no text features: captions of three tokens each), and these assignments of settings. */
    Rehearsal(int imageWidth, int textWidth, List<String> assignments) {
        settings = SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()))
                .settings();
        source = new GeneratedSource(settings.training().batchSize(), imageWidth, textWidth, Integer.MAX_VALUE);
        model = ModelSpec.of(settings.towers(), source.shape());
    }

    Rehearsal with(LaneMaker maker) {
        lanes = maker;
        return this;
    }

    Rehearsal observed(Observer steps) {
        observer = steps;
        return this;
    }

    Rehearsal over(double bandwidth, Duration delay) {
        bytesPerSecond = bandwidth;
        latency = delay;
        return this;
    }

    Settings settings() {
        return settings;
    }

    ModelSpec model() {
        return model;
    }

    /** Largest accounted memory of a rank for an arm. */
    long peakBytes(int arm) {
        return authorities.get(arm).peakBytes();
    }

    /** Runs all steps; the records of all arms in order. */
    List<StepRecord> run() throws Exception {
        int ranks = settings.run().ranks();
        try (Circle circle = bytesPerSecond == Double.POSITIVE_INFINITY
                ? new Circle(ranks, RING)
                : new Circle(ranks, RING, bytesPerSecond, latency)) {
            SegmentPlan plan = plan(circle);
            List<Future<Void>> running = circle.start(node -> rank(node, plan));
            circle.driver().assemble();
            drive(circle.driver(), plan);
            for (Future<Void> rank : running) {
                rank.get(30, TimeUnit.SECONDS);
            }
        }
        return records;
    }

    private SegmentPlan plan(Circle circle) {
        List<LossSettings.Arm> arms = settings.loss().arms();
        return new SegmentPlan(
                circle.driver().rendezvous(),
                new Slices(source.batchSize(), settings.run().ranks()),
                0,
                settings.training().steps(),
                Collections.nCopies(arms.size(), 0L),
                settings.run().seed(),
                model,
                arms.stream().map(SegmentPlan.Arm::of).toList(),
                settings.loss().numerics(),
                settings.run().coresPerRank(),
                settings.training().microBatchSize().orElse(Integer.MAX_VALUE / 2),
                source.opener());
    }

    private void drive(DriverNode node, SegmentPlan plan) {
        List<ArmSteps> drivers = new ArrayList<>();
        for (LossSettings.Arm arm : settings.loss().arms()) {
            ArmState state = new ArmState(
                    drivers.size(), arm, model.initial(plan.seed()), LossSpec.initial(arm, source.batchSize()));
            authorities.add(new ArmUpdate(state, model.decayed(), settings.training(), plan.pieces()));
            drivers.add(new ArmSteps(node, authorities.get(drivers.size()), plan.pieces(), 1));
        }
        StepLedger ledger = new StepLedger(plan.rows().ranks(), records::add);
        drivers.forEach(ArmSteps::start);
        long last = System.nanoTime();
        for (long step = plan.from(); step < plan.to(); step++) {
            for (ArmSteps driver : drivers) {
                StepRecord done = driver.step(step, step + 1 < plan.to());
                long now = System.nanoTime();
                ledger.add(driver.arm(), done, (now - last) * 1e-9);
                last = now;
                ledger.collect(node);
            }
        }
        node.awaitLeave();
        ledger.collect(node);
        ledger.close();
    }

    private Void rank(RankNode node, SegmentPlan plan) {
        int rank = node.rank();
        int rows = plan.rows().size(rank);
        RankBatches batches = plan.batches().open(rank, plan.rows().ranks(), Collections.emptyIterator());
        Batch batch = new Batch(plan.model().shape(), rows);
        try (Lanes opened = lanes.open(plan.numerics(), plan.cores())) {
            List<LaneTowers> towers = LaneTowers.open(plan, opened, rows);
            List<ArmWorker> arms = new ArrayList<>();
            for (int arm = 0; arm < plan.arms().size(); arm++) {
                arms.add(new ArmWorker(arm, plan, node, opened, towers, ArmWorker.exchange(arm, plan, node, opened)));
            }
            arms.forEach(ArmWorker::start);
            batches.read(plan.from(), batch);
            for (long step = plan.from(); step < plan.to(); step++) {
                for (ArmWorker arm : arms) {
                    arm.step(step, batch, 0);
                }
                observer.after(rank, step);
            }
            towers.forEach(LaneTowers::close);
        }
        return null;
    }
}
