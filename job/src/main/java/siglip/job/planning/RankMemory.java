package siglip.job.planning;

import java.util.ArrayList;
import java.util.List;
import siglip.job.config.LossSettings.Kind;
import siglip.job.order.Slices;
import siglip.job.planning.Memory.Part;
import siglip.job.ring.ColumnMerge;
import siglip.job.ring.GradientRing;
import siglip.job.ring.RankReduction;
import siglip.job.ring.TextBlock;
import siglip.job.towers.ParameterLayout;
import siglip.kernels.BlockShape;
import siglip.kernels.Footprint;
import siglip.kernels.LogSums;
import siglip.kernels.LossKernels;
import siglip.kernels.SoftmaxLoss;

/**
 * What a rank holds while it trains, by the sizes of the buffers that training allocates. With n = N / D pairs a rank, c cores, embeddings
 * of d floats, P parameters, and a table of R rows of w floats:
 *
 * <pre>{@code
 * own blocks     4 n (4 d + 1)                      images, texts with concept ids, their gradients
 * ring           4 n (2 (d + 1) + 4 d), c - 1 times 4 n d more      sigmoid: two places, four blocks of gradients
 * gather         4 n (D - 1)(d + 1) + 16 n d + 48 N (3 + c) ...     softmax: all texts, log-sum-exps of all columns
 * parameters     4 P + 4 R w
 * pieces         about 3 (4 P + 4 R (w + 1))        outgoing, incoming, parameters
 * towers         c times (activations of a micro-batch + 4 P, 8 P with micro-batches; in bf16 rounded copies, 2 P of them)
 * kernels        c times (4 tile^2 + ...)
 * }</pre>
 */
final class RankMemory {
    private final Workload work;
    private final TowerBytes towerBytes;
    private final int ranks;
    private final int cores;
    private final int largest;

    RankMemory(Workload work, TowerBytes towerBytes) {
        this.work = work;
        this.towerBytes = towerBytes;
        ranks = work.ranks();
        cores = work.cores();
        largest = work.localRows();
    }

    /** What a rank accounts for of one arm, with all that the arms share: the largest of all ranks. This is what a run reports. */
    Memory accounted(Kind kind) {
        Memory most = accounted(kind, 0);
        for (int rank = 1; rank < ranks; rank++) {
            Memory other = accounted(kind, rank);
            most = other.total() > most.total() ? other : most;
        }
        return most;
    }

    Memory accounted(Kind kind, int rank) {
        List<Part> parts = new ArrayList<>(ofArm(kind, rank));
        parts.addAll(shared(rank));
        return new Memory(parts);
    }

    /** What rank 0 holds with all arms, and the batch itself, which belongs to none of them. */
    Memory whole() {
        List<Part> parts = new ArrayList<>();
        for (Kind kind : work.kinds()) {
            ofArm(kind, 0)
                    .forEach(part -> parts.add(new Part(
                            kind.name().toLowerCase(java.util.Locale.ROOT) + ": " + part.what(),
                            part.direct(),
                            part.heap())));
        }
        parts.addAll(shared(0));
        long floats = (long) largest * (work.shape().imageWidth() + work.shape().textWidth());
        long tokens = work.shape().textIsTokens() ? 4L * largest * work.tokens() : 0;
        parts.add(new Part("pairs of the batch", 4 * floats, 16L * largest + tokens));
        return new Memory(parts);
    }

    private List<Part> ofArm(Kind kind, int rank) {
        int n = work.rows().size(rank);
        ParameterLayout layout = work.layout();
        return List.of(
                new Part("own embeddings and gradients", TextBlock.bytes(n, work.width()) + 3 * embeddings(n), 0),
                exchange(kind, rank),
                new Part("parameters", 4 * (layout.dense() + (long) layout.tableRows() * layout.tableWidth()), 0),
                new Part("pieces of gradient and parameters", RankReduction.bytes(work.pieces(), rank), 0));
    }

    private long embeddings(long rows) {
        return 4 * rows * work.width();
    }

    private Part exchange(Kind kind, int rank) {
        long block = embeddings(largest);
        long texts = TextBlock.bytes(largest, work.width());
        long gradients = (cores - 1) * block + (ranks > 1 ? 2L * GradientRing.PLACES * block : 0);
        if (kind == Kind.SIGMOID) {
            return new Part("blocks on the ring", Math.min(2, ranks - 1) * texts + gradients, 0);
        }
        long columns = work.rows().total() * (cores > 1 ? cores + 1 : 1); // of each lane, and on the way between them
        Footprint sums = new Footprint(
                (ranks - 1) * texts + gradients,
                LogSums.bytes(columns + work.rows().size(rank)));
        return Part.of("gathered texts, sums of columns", sums.plus(ColumnMerge.footprint(work.rows(), rank)));
    }

    private List<Part> shared(int rank) {
        Slices lanes = new Slices(work.rows().size(rank), cores);
        int rows = Math.min(lanes.largest(), work.microBatch());
        long parts = Math.max(1, (lanes.largest() + (long) work.microBatch() - 1) / work.microBatch());
        long dense = 4L * work.layout().dense() * (parts > 1 ? 2 : 1);
        long touched = parts * work.touchedRows(rows);
        long table = touched * 4 * (work.layout().tableWidth() + 1);
        long lists = work.shape().textIsTokens() ? 8 * (touched + (long) rows * work.tokens()) : 0;
        return List.of(
                new Part("towers: activations", cores * towerBytes.of(rows), 0),
                new Part("towers: gradient", cores * (dense + table), cores * lists),
                Part.of("kernels: tiles and lists", kernels(lanes)));
    }

    private Footprint kernels(Slices lanes) {
        Footprint all = new Footprint(0, 0);
        for (int lane = 0; lane < cores; lane++) {
            BlockShape block = new BlockShape(
                    work.tile(), lanes.size(lane), largest, work.width(), work.duplicates(), work.precision());
            all = all.plus(LossKernels.footprint(block));
            if (work.kinds().contains(Kind.SOFTMAX)) {
                all = all.plus(SoftmaxLoss.footprint(block));
            }
        }
        return all;
    }
}
