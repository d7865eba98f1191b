package siglip.bench;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.runner.RunnerException;
import siglip.bench.RateBenchmark.Part;

/**
 * The least that a loss can take here: its products at the rate of the library in tiles of that size, operands at hand, and one
 * element-wise pass.
 *
 * @param milliseconds what each part takes per tile
 */
record Floor(Map<Part, Double> milliseconds) {
    private static final int TILE = RateBenchmark.TILE;

    static Floor measure(Timer timer, String precision) throws RunnerException {
        Map<Part, Double> milliseconds = new EnumMap<>(Part.class);
        for (Part part : Part.values()) {
            milliseconds.put(part, timer.part(part, precision));
        }
        return new Floor(milliseconds);
    }

    /** Three products for sigmoid; softmax needs the similarities twice. */
    double of(String loss, int n) {
        double tiles = Math.pow((double) n / TILE, 2);
        double all =
                milliseconds.values().stream().mapToDouble(Double::doubleValue).sum();
        return tiles * (all + (loss.equals("softmax") ? milliseconds.get(Part.SIMILARITIES) : 0));
    }

    private double gigaflops(Part part) {
        return 2e-6 * TILE * TILE * Batch.DIM / milliseconds.get(part);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "this machine: products %.0f, %.0f and %.0f GFLOP/s (similarities, image gradient, text gradient); element-wise %.2f ns a pair",
                gigaflops(Part.SIMILARITIES),
                gigaflops(Part.IMAGE_GRADIENT),
                gigaflops(Part.TEXT_GRADIENT),
                1e6 * milliseconds.get(Part.ELEMENTWISE) / TILE / TILE);
    }
}
