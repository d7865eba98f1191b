package siglip.job.planning;

import java.util.ArrayList;
import java.util.List;
import siglip.job.config.LossSettings.Kind;
import siglip.job.order.Slices;
import siglip.job.planning.Memory.Part;
import siglip.job.ring.GradientRing;
import siglip.job.ring.PieceLayout;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.LogSums;

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
    private static final int COLUMN = LogSums.FIELDS * Double.BYTES;
    private static final int FIRST_POSITIVES = 64; // what the kernels' lists start with
    private static final int BAND = 4096; // floats of a tile that the element-wise passes copy at a time

    private final Workload work;
    private final TowerBytes towerBytes;
    private final int ranks;
    private final int cores;
    private final long width;
    private final int largest;

    RankMemory(Workload work, TowerBytes towerBytes) {
        this.work = work;
        this.towerBytes = towerBytes;
        ranks = work.ranks();
        cores = work.cores();
        width = work.width();
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
        long n = work.rows().size(rank);
        List<Part> parts = new ArrayList<>();
        parts.add(new Part("own embeddings and gradients", 4 * n * (4 * width + 1), 0));
        parts.add(exchange(kind, n));
        parts.add(new Part(
                "parameters",
                4L * work.layout().dense()
                        + 4L * work.layout().tableRows() * work.layout().tableWidth(),
                0));
        parts.add(new Part("pieces of gradient and parameters", pieces(rank), 0));
        return parts;
    }

    private Part exchange(Kind kind, long n) {
        long block = 4L * largest * width;
        long texts = 4L * largest * (width + 1);
        long laneShares = (cores - 1) * block;
        long gradients = ranks > 1 ? 2L * GradientRing.PLACES * block : 0;
        if (kind == Kind.SIGMOID) {
            return new Part("blocks on the ring", Math.min(2, ranks - 1) * texts + gradients + laneShares, 0);
        }
        long all = work.rows().total();
        long merge = COLUMN * (2 * all + ranks * n);
        long sums = COLUMN * (n + cores * all) + (cores > 1 ? COLUMN * all : 0) + COLUMN * n;
        return new Part("gathered texts, sums of columns", (ranks - 1) * texts + gradients + laneShares + merge, sums);
    }

    private long pieces(int rank) {
        PieceLayout layout = work.pieces();
        return 2 * layout.bytes() + ranks * layout.bytes(rank);
    }

    private List<Part> shared(int rank) {
        Slices lanes = new Slices(work.rows().size(rank), cores);
        int rows = Math.min(lanes.largest(), work.microBatch());
        long parts = Math.max(1, (lanes.largest() + (long) work.microBatch() - 1) / work.microBatch());
        long dense = 4L * work.layout().dense() * (parts > 1 ? 2 : 1);
        long touched = parts * work.touchedRows(rows);
        long table = touched * 4 * (work.layout().tableWidth() + 1);
        List<Part> shared = new ArrayList<>();
        shared.add(new Part("towers: activations", cores * towerBytes.of(rows), 0));
        long lists = work.shape().textIsTokens() ? 8 * (touched + (long) rows * work.tokens()) : 0;
        shared.add(new Part("towers: gradient", cores * (dense + table), cores * lists));
        shared.add(kernels(lanes.total(), lanes.largest()));
        return shared;
    }

    /** Tiles and lists of the kernels of all lanes. */
    private Part kernels(long n, long laneRows) {
        long tile = work.tile();
        long direct = 4 * tile * tile;
        long inTile = Math.min(tile, laneRows);
        long positives = inTile <= FIRST_POSITIVES ? FIRST_POSITIVES : Math.max(inTile, 2 * FIRST_POSITIVES);
        long found = FIRST_POSITIVES;
        while (found < inTile) {
            found *= 2;
        }
        long heap = 4 * (Math.max(tile, BAND) + positives + 8 * width) + 16 * width + 4 * (found + FIRST_POSITIVES);
        if (work.duplicates() != DuplicatePolicy.IGNORE) {
            heap += 8L * largest;
        }
        heap += tile * 32; // scratch of the softmax, whether an arm uses it or not
        if (work.kinds().contains(Kind.SOFTMAX)) {
            heap += 12L * largest; // of a block of texts: values and log-sum-exps
        }
        if (work.bf16()) {
            direct += 2 * (inTile * width + largest * width + inTile * Math.min(tile, largest));
        }
        long rows = work.kinds().contains(Kind.SOFTMAX) ? 8 * n : 0;
        return new Part("kernels: tiles and lists", cores * direct, cores * heap + rows);
    }
}
