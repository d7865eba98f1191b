package siglip.kernels;

/**
 * Bytes that something holds.
 *
 * @param direct outside the Java heap: what MaxDirectMemorySize limits
 * @param heap in the Java heap
 */
public record Footprint(long direct, long heap) {
    public Footprint plus(Footprint other) {
        return new Footprint(direct + other.direct, heap + other.heap);
    }

    public long total() {
        return direct + heap;
    }
}
