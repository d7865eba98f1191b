package siglip.job.formats;

import java.io.Serializable;

/**
 * One Parquet file of a data set.
 *
 * @param uri as Spark names it in a row's metadata
 * @param name relative to the path of the data set; files are ordered by it
 * @param bytes length
 * @param rows in its footer
 * @param widestRowBytes mean uncompressed bytes of a row's image column in the row group where it is largest
 */
public record DataFile(String uri, String name, long bytes, long rows, long widestRowBytes) implements Serializable {}
