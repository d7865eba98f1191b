package siglip.job.planning;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import siglip.job.losses.LossShape;
import siglip.job.losses.LossSpec;
import siglip.job.order.Slices;
import siglip.job.planning.Memory.Part;
import siglip.job.ring.RankReduction;
import siglip.job.ring.TextBlock;
import siglip.job.towers.ParameterLayout;
import siglip.kernels.BlockShape;
import siglip.kernels.Footprint;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;

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
    private final LossShape shape;
    private final TowerBytes towerBytes;
    private final int cores;
    private final int largest;

    RankMemory(Workload work, TowerBytes towerBytes) {
        this.work = work;
        shape = work.lossShape();
        this.towerBytes = towerBytes;
        cores = shape.cores();
        largest = shape.localRows();
    }

    /** What a rank accounts for of one arm, with all that the arms share: the largest of all ranks. This is what a run reports. */
    Memory accounted(LossForm loss) {
        return IntStream.of(work.kindsOfRanks())
                .mapToObj(rank -> accounted(loss, rank))
                .reduce((most, other) -> other.total() > most.total() ? other : most)
                .orElseThrow();
    }

    Memory accounted(LossForm loss, int rank) {
        List<Part> parts = new ArrayList<>(ofArm(loss, rank));
        parts.addAll(shared(rank));
        return new Memory(parts);
    }

    /** What rank 0 holds with all arms, and the batch itself, which belongs to none of them. */
    Memory whole() {
        List<Part> parts = new ArrayList<>();
        for (LossForm loss : work.losses()) {
            ofArm(loss, 0)
                    .forEach(part -> parts.add(new Part(loss.id() + ": " + part.what(), part.direct(), part.heap())));
        }
        parts.addAll(shared(0));
        long floats = (long) largest * (work.shape().imageWidth() + work.shape().textWidth());
        long tokens = work.shape().textIsTokens() ? 4L * largest * work.tokens() : 0;
        parts.add(new Part("pairs of the batch", 4 * floats, 16L * largest + tokens));
        return new Memory(parts);
    }

    private List<Part> ofArm(LossForm loss, int rank) {
        int n = shape.rows().size(rank);
        ParameterLayout layout = work.layout();
        LossSpec spec = LossSpec.of(loss);
        return List.of(
                new Part(
                        "own embeddings and gradients", TextBlock.bytes(n, shape.width()) + 12L * n * shape.width(), 0),
                Part.of(spec.holds(), spec.memory(shape, rank)),
                new Part("parameters", 4 * (layout.dense() + (long) layout.tableRows() * layout.tableWidth()), 0),
                new Part("pieces of gradient and parameters", RankReduction.bytes(work.pieces(), rank), 0));
    }

    private List<Part> shared(int rank) {
        Slices lanes = new Slices(shape.rows().size(rank), cores);
        int rows = Math.min(lanes.largest(), work.microBatch());
        long parts = Slices.ofAtMost(lanes.largest(), work.microBatch()).ranks();
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
        Set<LossKernels.Memory> used = work.losses().stream()
                .flatMap(loss -> LossSpec.of(loss).kernels().stream())
                .collect(Collectors.toCollection(() -> EnumSet.noneOf(LossKernels.Memory.class)));
        for (int lane = 0; lane < cores; lane++) {
            BlockShape block = new BlockShape(
                    work.tile(), lanes.size(lane), largest, shape.width(), work.duplicates(), work.precision());
            all = all.plus(LossKernels.footprint(block));
            for (LossKernels.Memory part : used) {
                all = all.plus(part.of(block));
            }
        }
        return all;
    }
}
