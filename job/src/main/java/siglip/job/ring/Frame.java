package siglip.job.ring;

import java.nio.ByteBuffer;

/**
 * The name of one message: what it carries and where in the training it belongs. Sender and receiver derive the same name
 * from the step they are in, so a message that is late, early or from another attempt has no place to land.
 *
 * @param kind what it carries
 * @param arm index of the arm
 * @param step number of the global batch; -1 before the first
 * @param phase of the ring at the receiver; 0 for messages outside the ring
 */
public record Frame(Kind kind, int arm, long step, int phase) {
    static final int BYTES = 4 + 4 + 8 + 4;

    /** What a message carries, and whether it belongs to the loss (ring) or to the reduction of gradients. */
    public enum Kind {
        /** Text embeddings and concept ids of one rank, on their way round the ring. */
        TEXT(true),
        /** Gradient of the text embeddings of one rank, one hop behind them, on its way home. */
        TEXT_GRADIENT(true),
        /** One rank's part of lines that another rank makes whole: log-sum-exps of its texts, bins of a histogram. */
        LINES_PART(true),
        /** The lines that one rank has made whole. */
        LINES_WHOLE(true),
        /** A few numbers of one rank, which every rank adds up over all. */
        SUMS(true),
        /** One rank's share of a piece of the gradient, to the rank that adds that piece up. */
        GRADIENT_PIECE(false),
        /** A piece of the summed gradient, to the driver. */
        GRADIENT_SUM(false),
        /** A piece of the new parameters, from the driver and then from rank to rank. */
        PARAMETER_PIECE(false);

        private final boolean ring;

        Kind(boolean ring) {
            this.ring = ring;
        }

        /** Whether its bytes count as the loss's, rather than as the reduction's. */
        public boolean ring() {
            return ring;
        }
    }

    void write(ByteBuffer to) {
        to.putInt(kind.ordinal()).putInt(arm).putLong(step).putInt(phase);
    }

    static Frame read(ByteBuffer from) {
        int kind = from.getInt();
        Kind[] kinds = Kind.values();
        if (kind < 0 || kind >= kinds.length) {
            throw new IllegalArgumentException("Cannot read a frame: no message has kind " + kind);
        }
        return new Frame(kinds[kind], from.getInt(), from.getLong(), from.getInt());
    }

    @Override
    public String toString() {
        return "%s of arm %d, step %d, phase %d"
                .formatted(kind.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '), arm, step, phase);
    }
}
