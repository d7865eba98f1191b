package siglip.job.training;

import java.nio.FloatBuffer;
import java.util.Arrays;
import siglip.job.config.LossSettings;
import siglip.job.config.TrainingSettings;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalars;

/** The driver's own part of a step, run on made-up sums: for whoever wants to know how long it takes. */
public final class UpdateProbe {
    private final ArmUpdate update;
    private final Piece[] sums;
    private final Piece[] parameters;
    private long step;

    /**
     * @param layout of the model to update
     * @param ranks whose pieces come in and go out
     * @param touched rows of the table that a batch touches
     */
    public UpdateProbe(TrainingSettings settings, ParameterLayout layout, int ranks, int touched) {
        PieceLayout pieces = SegmentPlan.pieces(layout, ranks);
        LossSettings.Arm arm = LossSettings.Arm.plain("probe", LossForm.plain(Loss.SIGMOID), settings.optimizer());
        boolean[] decayed = new boolean[layout.dense()];
        Arrays.fill(decayed, true);
        ArmState state = new ArmState(0, arm, Parameters.allocate(layout), LossScalars.of(Loss.SIGMOID, 0, 0));
        update = new ArmUpdate(state, decayed, settings, pieces);
        sums = new Piece[ranks];
        parameters = new Piece[ranks];
        for (int rank = 0; rank < ranks; rank++) {
            sums[rank] = pieces.allocate(rank);
            parameters[rank] = pieces.allocate(rank);
            int rows = Math.min(pieces.table().size(rank), touched / ranks);
            fill(sums[rank], pieces.table().start(rank), rows);
        }
    }

    private static void fill(Piece piece, int firstRow, int rows) {
        piece.rows(rows);
        for (int i = 0; i < rows; i++) {
            piece.ids().put(i, firstRow + i);
        }
        fill(piece.dense());
        fill(piece.values());
    }

    private static void fill(FloatBuffer values) {
        for (int i = 0; i < values.limit(); i++) {
            values.put(i, i % 7 - 3);
        }
    }

    /** Adds up, optimises and fills the pieces once. */
    public void update() {
        update.complete(update.take(sums, step++, 1), parameters, rank -> {});
    }
}
