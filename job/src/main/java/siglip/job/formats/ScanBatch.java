package siglip.job.formats;

import java.util.List;

/**
 * How many rows Spark's vectorised Parquet reader may take at a time. All cells of one column of such a batch lie in one array of at most 2 GiB,
 * so the reader's 4,096 rows are too many for images of half a megabyte and more.
 */
public final class ScanBatch {
    /** Bytes of images that a batch aims at: far enough below 2 GiB for rows that are thirty times the mean. */
    static final long BYTES = 64L << 20;

    private ScanBatch() {}

    /** Rows per batch for these files, from 1 to {@code most}. */
    public static long rows(long most, List<DataFile> files) {
        long widest = files.stream().mapToLong(DataFile::widestRowBytes).max().orElse(0);
        return Math.max(1, Math.min(most, BYTES / Math.max(1, widest)));
    }
}
