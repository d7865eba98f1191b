package siglip.job.order;

/**
 * The order of the training set in one epoch: a bijection between row ids and positions, both 0 to rows - 1, that needs no table.
 *
 * <p>A Feistel network of eight rounds permutes the smallest set of {@code 2^(2h)} numbers that holds them all; a number that falls outside is
 * sent through again until it falls inside (cycle walking, fewer than four times on average). After Black and Rogaway 2002.
 */
public final class EpochOrder {
    private static final int ROUNDS = 8;

    private final long rows;
    private final int half;
    private final long mask;
    private final long[] keys = new long[ROUNDS];

    /** The order of epoch {@code epoch} of {@code rows} rows. */
    public EpochOrder(long seed, long epoch, long rows) {
        this(Keyed.Use.ORDER, seed, epoch, rows);
    }

    private EpochOrder(Keyed.Use use, long seed, long epoch, long rows) {
        if (rows < 1 || rows > 1L << 62) {
            throw new IllegalArgumentException("Cannot order %d rows".formatted(rows));
        }
        this.rows = rows;
        int bits = Long.SIZE - Long.numberOfLeadingZeros(rows - 1);
        half = Math.max(1, (bits + 1) / 2);
        mask = (1L << half) - 1;
        for (int round = 0; round < ROUNDS; round++) {
            keys[round] = Keyed.bits(use, seed, epoch, round);
        }
    }

    /** An order that no epoch has, to draw a sample without replacement: the rows that stand first. */
    public static EpochOrder ofSample(long seed, long rows) {
        return new EpochOrder(Keyed.Use.SAMPLE, seed, 0, rows);
    }

    /** Where in the epoch the row stands. */
    public long positionOf(long id) {
        long value = check(id);
        do {
            long left = value >>> half;
            long right = value & mask;
            for (int round = 0; round < ROUNDS; round++) {
                long next = left ^ scramble(right, round);
                left = right;
                right = next;
            }
            value = left << half | right;
        } while (value >= rows);
        return value;
    }

    /** Which row stands at a position; the inverse of {@link #positionOf}. */
    public long idAt(long position) {
        long value = check(position);
        do {
            long left = value >>> half;
            long right = value & mask;
            for (int round = ROUNDS - 1; round >= 0; round--) {
                long before = right ^ scramble(left, round);
                right = left;
                left = before;
            }
            value = left << half | right;
        } while (value >= rows);
        return value;
    }

    private long scramble(long value, int round) {
        return Keyed.mix(value ^ keys[round]) & mask;
    }

    private long check(long value) {
        if (value < 0 || value >= rows) {
            throw new IndexOutOfBoundsException("Cannot place row %d of %d".formatted(value, rows));
        }
        return value;
    }
}
