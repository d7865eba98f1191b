package siglip.job.data;

import java.io.Serializable;

/** What came of reading a row. No record: a cluster may have set Spark's Kryo, which cannot write records. */
final class ReadRow implements Serializable {
    private static final long serialVersionUID = 1L;

    /** What a row is for. */
    enum Fate {
        TRAIN,
        HELD_OUT,
        /** Neither trained nor evaluated on, since its concept is left out. */
        LEFT_OUT,
        /** Not valid. */
        SKIPPED,
        /** No pair, as the data themselves say. */
        ABSENT,
        /** Claimed by both predicates. */
        BOTH
    }

    final String file; // as its format names it
    final int row; // in the file
    final Fate fate;
    final String reason; // why the row is skipped; empty for all others
    final int imageWidth; // 0 where there is no pair
    final int textWidth;
    final byte[] pair; // encoded; empty where there is none
    final String[] classes; // value of each class column of a held-out row

    ReadRow(
            String file,
            int row,
            Fate fate,
            String reason,
            int imageWidth,
            int textWidth,
            byte[] pair,
            String... classes) {
        this.file = file;
        this.row = row;
        this.fate = fate;
        this.reason = reason;
        this.imageWidth = imageWidth;
        this.textWidth = textWidth;
        this.pair = pair;
        this.classes = classes;
    }

    /** The same row with another form of its pair. */
    ReadRow with(byte[] encoded) {
        return new ReadRow(file, row, fate, reason, imageWidth, textWidth, encoded, classes);
    }
}
