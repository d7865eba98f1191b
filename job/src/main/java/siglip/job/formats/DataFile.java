package siglip.job.formats;

import java.io.Serializable;

/**
 * One file of a data set.
 *
 * @param uri as its rows name it
 * @param name relative to the path of the data set; files are ordered by it
 * @param bytes length
 * @param rows how many it holds
 */
public record DataFile(String uri, String name, long bytes, long rows) implements Serializable {}
