package siglip.job.planning;

import java.util.List;
import siglip.kernels.Footprint;

/** Bytes by what they are for. */
public record Memory(List<Part> parts) {
    /**
     * One purpose.
     *
     * @param direct outside the Java heap: what MaxDirectMemorySize limits
     * @param heap in the Java heap
     */
    public record Part(String what, long direct, long heap) {
        static Part of(String what, Footprint footprint) {
            return new Part(what, footprint.direct(), footprint.heap());
        }
    }

    public Memory {
        parts = List.copyOf(parts);
    }

    public long direct() {
        return parts.stream().mapToLong(Part::direct).sum();
    }

    public long heap() {
        return parts.stream().mapToLong(Part::heap).sum();
    }

    public long total() {
        return direct() + heap();
    }
}
