package siglip.kernels.lines;

import java.nio.DoubleBuffer;
import java.util.Arrays;

/**
 * Numbers about a global batch, a few to a line, which lanes and ranks gather in parts. What merges two parts of a line is for the kind of line
 * to say; how lines travel is the same for all.
 */
public abstract class MergedLines {
    final double[] fields;
    private final int width;

    /** @param width doubles to a line */
    MergedLines(int lines, int width) {
        fields = new double[Math.multiplyExact(lines, width)];
        this.width = width;
    }

    /** Merges as many lines as the buffer holds into those that begin at field {@code at}. */
    abstract void mergeFields(int at, DoubleBuffer from);

    public int lines() {
        return fields.length / width;
    }

    /** Doubles to a line, here and on the wire. */
    public int width() {
        return width;
    }

    /** Bytes that it takes on the heap, and as many on the wire. */
    public long bytes() {
        return (long) fields.length * Double.BYTES;
    }

    /** Empties all lines for the next step. */
    public void clear() {
        Arrays.fill(fields, 0);
    }

    /** Writes lines {@code from} to {@code from + count - 1}, for the wire. */
    public void write(int from, int count, DoubleBuffer to) {
        to.put(fields, from * width, count * width);
    }

    /** Merges as many lines as the buffer holds into the lines from {@code into} on. The order of merges decides the last bits. */
    public void merge(int into, DoubleBuffer from) {
        mergeFields(checkRoom(into, from), from);
    }

    /** Replaces lines from {@code into} on by those of the buffer. */
    public void read(int into, DoubleBuffer from) {
        from.get(fields, checkRoom(into, from), from.remaining());
    }

    private int checkRoom(int into, DoubleBuffer from) {
        if (from.remaining() % width != 0 || into < 0 || into + from.remaining() / width > lines()) {
            throw new IllegalArgumentException("Cannot put %d doubles, %d a line, into lines from %d on of %d"
                    .formatted(from.remaining(), width, into, lines()));
        }
        return into * width;
    }
}
