package siglip.job.data;

import java.util.Map;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.ReadRow.Fate;

/** The rows that are kept: to train on, and held out. */
record KeptSets(KeptRows training, Map<HeldOut, KeptRows> heldOut) {
    KeptSets {
        heldOut = Map.copyOf(heldOut);
    }

    /** Whether a row is among those of its fate; others have features of another width than most. */
    boolean contains(ReadRow row) {
        return row.fate == Fate.TRAIN
                ? training.idOf(row.file, row.row) >= 0
                : heldOut.values().stream().anyMatch(set -> set.idOf(row.file, row.row) >= 0);
    }
}
