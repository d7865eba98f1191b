package siglip.job.planning;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import siglip.job.config.LossSettings;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.Settings;
import siglip.job.features.PairShape;
import siglip.job.losses.LossShape;
import siglip.job.order.Slices;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.ParameterLayout;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.LossForm;
import siglip.kernels.blas.Precision;

/**
 * What is to be planned, in numbers.
 *
 * @param lossShape what decides what a loss takes
 * @param microBatch most pairs that pass the towers of a core at a time
 * @param tile rows and columns of a tile of logits
 * @param precision in which products read their operands
 * @param duplicates what pairs of equal concept are, where it takes most
 * @param shape of a pair
 * @param layout of the parameters
 * @param tokens of a caption, on average; unused when texts are features
 * @param losses of the arms
 * @param optimizers what moves the parameters of each
 * @param steps of the run
 * @param measured whether updates are measured tensor by tensor
 */
public record Workload(
        LossShape lossShape,
        int microBatch,
        int tile,
        Precision precision,
        DuplicatePolicy duplicates,
        PairShape shape,
        ParameterLayout layout,
        int tokens,
        List<LossForm> losses,
        List<OptimizerSettings.Kind> optimizers,
        long steps,
        boolean measured) {

    /** What the settings describe, on so many ranks. */
    public static Workload of(Settings settings, ModelSpec model, int ranks, Precision precision) {
        return new Workload(
                new LossShape(
                        new Slices(settings.training().batchSize(), ranks),
                        settings.run().coresPerRank(),
                        model.width()),
                settings.training().microBatchSize().orElse(Integer.MAX_VALUE / 2),
                settings.loss().numerics().tile(),
                precision,
                settings.loss().arms().stream()
                        .map(LossSettings.Arm::duplicates)
                        .max(Comparator.naturalOrder())
                        .orElseThrow(),
                model.shape(),
                model.layout(),
                settings.plan().tokens(),
                settings.loss().arms().stream().map(LossSettings.Arm::form).toList(),
                settings.loss().arms().stream()
                        .map(arm -> arm.optimizer().kind())
                        .toList(),
                settings.training().steps(),
                settings.measure().everySteps() > 0);
    }

    /** Passes that the pairs of a lane take through the towers. */
    int microBatches() {
        return Slices.ofAtMost(lossShape.laneRows(), microBatch).ranks();
    }

    /** Most pairs that pass the towers of a lane at a time. */
    int towerRows() {
        return Math.min(lossShape.laneRows(), microBatch);
    }

    /** Rows of the table that so many pairs touch, at most. */
    long touchedRows(long pairs) {
        return layout.tableRows() == 0 ? 0 : Math.min(layout.tableRows(), pairs * tokens);
    }

    /**
     * One rank of each kind: a rank that is left out has as many pairs as one of these, its neighbour has as many as that one's, and its pieces are as
     * large. There are few kinds, as slices differ by one part at most, and what is added up over all ranks is so but a few times.
     */
    int[] kindsOfRanks() {
        Slices rows = lossShape.rows();
        PieceLayout pieces = pieces();
        Set<List<Integer>> seen = new HashSet<>();
        return IntStream.range(0, rows.ranks())
                .filter(rank -> seen.add(List.of(
                        rows.size(rank),
                        rows.size((rank + 1) % rows.ranks()),
                        pieces.dense().size(rank),
                        pieces.table().size(rank))))
                .toArray();
    }

    /** How the model is cut into pieces. */
    PieceLayout pieces() {
        return PieceLayout.of(layout.dense(), layout.tableRows(), layout.tableWidth(), lossShape.ranks());
    }
}
