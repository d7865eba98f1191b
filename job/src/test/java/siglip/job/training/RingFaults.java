package siglip.job.training;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import siglip.job.losses.LossExchange;
import siglip.job.losses.LossStep;
import siglip.job.order.Slices;
import siglip.job.ring.Frame;
import siglip.job.ring.GradientRing;
import siglip.job.ring.RankNode;
import siglip.job.ring.TextBlock;
import siglip.job.ring.TextRing;
import siglip.job.stage.Lanes;
import siglip.kernels.Loss;
import siglip.kernels.PairBlock;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;

/** Mistakes that a ring may make without hanging. */
final class RingFaults {
    private RingFaults() {}

    /** Done to the gradients of embeddings after a right exchange. */
    interface Damage {
        void to(RankNode node, Matrix imageGradient, Matrix textGradient);
    }

    /** Damages what the arms of one loss compute. */
    static Fault after(Loss kind, Damage damage) {
        return (arm, plan, node, lanes, right) -> plan.arms().get(arm).form().loss() == kind
                ? new Damaged(right, (step, images, texts) -> damage.to(node, images, texts))
                : right;
    }

    /** Text gradients end one rank after their owner. */
    static Fault wrongOwner(Loss kind) {
        return (arm, plan, node, lanes, right) -> plan.arms().get(arm).form().loss() == kind
                ? new Damaged(right, (step, images, texts) -> passOn(node, arm, step, texts))
                : right;
    }

    /** A sigmoid's ring in which rank 0 passes on what came in its last phase without its own share, if {@code dropped}. */
    static Fault lastShare(boolean dropped) {
        return (arm, plan, node, lanes, right) -> plan.arms().get(arm).form().loss() == Loss.SIGMOID
                ? new Ring(plan, node, lanes, dropped && node.rank() == 0)
                : right;
    }

    private static void passOn(RankNode node, int arm, long step, Matrix texts) {
        Frame frame = new Frame(Frame.Kind.TEXT_GRADIENT, arm, step, 99);
        Matrix others = Matrix.allocate(texts.rows(), texts.columns());
        CompletableFuture<ByteBuffer> arrival = node.receive(frame, node.previous(), others.bytes());
        node.await(node.send(frame, node.next(), texts.bytes()), node.next(), "room");
        node.await(arrival, node.previous(), "text gradients");
        texts.copyFrom(others);
    }

    static void scale(Matrix matrix, float factor) {
        for (int i = 0; i < matrix.size(); i++) {
            matrix.floats().put(i, matrix.floats().get(i) * factor);
        }
    }

    private interface Step {
        void damage(long step, Matrix imageGradient, Matrix textGradient);
    }

    private record Damaged(LossExchange right, Step after) implements LossExchange {
        @Override
        public Runnable run(LossStep step) {
            right.run(step).run();
            after.damage(step.step(), step.imageGradient(), step.textGradient());
            return () -> {};
        }

        @Override
        public long bytes() {
            return right.bytes();
        }
    }

    private record Ring(SegmentPlan plan, RankNode node, Lanes lanes, boolean clears) implements LossExchange {
        @Override
        public Runnable run(LossStep step) {
            Slices rows = plan.rows();
            int width = step.images().columns();
            int most = rows.largest();
            TextRing texts = new TextRing(
                    node,
                    rows,
                    step.arm(),
                    step.step(),
                    step.texts(),
                    List.of(new TextBlock(most, width), new TextBlock(most, width)));
            GradientRing gradients = new GradientRing(
                    node,
                    rows,
                    step.arm(),
                    step.step(),
                    List.of(Matrix.allocate(most, width), Matrix.allocate(most, width)),
                    List.of(Matrix.allocate(most, width), Matrix.allocate(most, width)));
            step.imageGradient().clear();
            step.textGradient().clear();
            int[] conceptIds = step.texts().conceptIds();
            for (int phase = 0; phase < node.ranks(); phase++) {
                TextBlock block = phase == 0 ? step.texts() : texts.await(phase);
                Matrix share = phase == 0 ? step.textGradient() : gradients.share(phase);
                PairLabels labels = new PairLabels(
                        rows.start(node.rank()),
                        rows.start(texts.owner(phase)),
                        conceptIds,
                        block.conceptIds(),
                        plan.arms().get(step.arm()).duplicates());
                lanes.kernels(0)
                        .sigmoid()
                        .accumulate(
                                new PairBlock(step.images(), block.embeddings(), labels, step.scalars()),
                                step.imageGradient(),
                                share,
                                step.sums());
                if (clears && phase == node.ranks() - 1) {
                    share.clear();
                }
                if (phase > 0) {
                    gradients.pass(phase, share);
                    texts.used(phase);
                }
            }
            gradients.home(step.textGradient());
            texts.finish();
            return () -> {};
        }

        @Override
        public long bytes() {
            return 0;
        }
    }
}
