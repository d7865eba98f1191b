package siglip.job.training;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.BarrierTaskContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.batches.Batch;
import siglip.job.batches.RankBatches;
import siglip.job.ring.RankNode;
import siglip.job.stage.BarrierStage;
import siglip.job.stage.Lanes;

/** One rank's task of the barrier stage: joins the ring, trains all arms in turn, step by step, and leaves. */
record SegmentTask(SegmentPlan plan) implements BarrierStage.Body<byte[], Void> {
    private static final Logger LOG = LoggerFactory.getLogger(SegmentTask.class);

    @Override
    public List<Void> run(BarrierTaskContext task, Iterator<byte[]> feed) {
        BarrierStage.inRing(
                task,
                plan.meeting(),
                plan.numerics(),
                plan.precisions(),
                plan.cores(),
                () -> fetch(feed),
                (node, lanes) -> train(node, feed, lanes));
        return List.of();
    }

    /** Of a shuffle all that the rank will read. */
    private static void fetch(Iterator<byte[]> feed) {
        boolean any = feed.hasNext();
        LOG.debug("{} in the feed", any ? "pairs are" : "nothing is");
    }

    private void train(RankNode node, Iterator<byte[]> feed, Lanes lanes) {
        int rank = node.rank();
        int rows = plan.rows().size(rank);
        RankBatches batches = plan.batches().open(rank, plan.rows().ranks(), feed);
        Batch batch = new Batch(plan.model().shape(), rows);
        Map<Lanes, List<LaneTowers>> towers = new HashMap<>(); // those that arms of one precision share
        try {
            List<ArmWorker> arms = new ArrayList<>();
            for (int arm = 0; arm < plan.arms().size(); arm++) {
                Lanes own = lanes.in(plan.arms().get(arm).precision());
                List<LaneTowers> pairs = towers.computeIfAbsent(own, each -> LaneTowers.open(plan, each, rows));
                arms.add(new ArmWorker(arm, plan, node, own, pairs, ArmWorker.exchange(arm, plan, node, own)));
            }
            arms.forEach(ArmWorker::start);
            for (long step = plan.from(); step < plan.to(); step++) {
                node.atStep(step);
                long start = System.nanoTime();
                batches.read(step, batch);
                double batchSeconds = (System.nanoTime() - start) * 1e-9;
                for (ArmWorker arm : arms) {
                    if (arm.due(step)) {
                        arm.step(step, batch, batchSeconds);
                        batchSeconds = 0;
                    }
                }
            }
        } finally {
            towers.values().forEach(pairs -> pairs.forEach(LaneTowers::close));
        }
    }
}
