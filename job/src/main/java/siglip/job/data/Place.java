package siglip.job.data;

/**
 * Where a row lies.
 *
 * @param file as its format names it
 * @param row number in the file
 */
public record Place(String file, int row) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
        int files = file.compareTo(other.file);
        return files == 0 ? Integer.compare(row, other.row) : files;
    }

    /** For people: the last part of the file's name, and the row. */
    @Override
    public String toString() {
        return "%s, row %d".formatted(file.substring(file.lastIndexOf('/') + 1), row);
    }
}
