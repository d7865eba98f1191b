package siglip.job.stage;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import siglip.job.ring.NumericsException;
import siglip.kernels.Numerics;

/**
 * What a rank computes with: where all have the same, results repeat bit for bit. A rank offers its own, and the driver makes one of all.
 * Products use one thread, whatever the library.
 *
 * @param numerics with nothing left to choose
 * @param cores of a rank
 */
public record Fingerprint(Numerics numerics, int cores) {
    private static final String BETWEEN = " | ";
    private static final String IS = ": ";
    private static final String PRODUCTS = "products";
    private static final String PRECISION = "precision";
    private static final String ELEMENTWISE = "elementwise";
    private static final String TILE = "tile";
    private static final String CORES = "cores of a rank";

    /** By name, in a fixed order. */
    public Map<String, String> table() {
        Map<String, String> table = new LinkedHashMap<>();
        table.put(PRODUCTS, numerics.products());
        table.put(PRECISION, numerics.precision());
        table.put(ELEMENTWISE, numerics.elementwise());
        table.put(TILE, Integer.toString(numerics.tile()));
        table.put(CORES, Integer.toString(cores));
        table.put("threads inside the library", "1");
        return table;
    }

    /** The table as one line, for people, the wire and checkpoints. */
    @Override
    public String toString() {
        return table().entrySet().stream()
                .map(entry -> entry.getKey() + IS + entry.getValue())
                .collect(Collectors.joining(BETWEEN));
    }

    /** @throws IllegalArgumentException if the line is not one of {@link #toString} */
    public static Fingerprint parse(String line) {
        Map<String, String> table = new LinkedHashMap<>();
        for (String part : line.split(" \\| ", -1)) {
            int is = Math.max(0, part.indexOf(IS));
            table.put(part.substring(0, is), part.substring(Math.min(part.length(), is + IS.length())));
        }
        if (!table.keySet().containsAll(List.of(PRODUCTS, PRECISION, ELEMENTWISE, TILE, CORES))) {
            throw new IllegalArgumentException("Cannot read a numerics fingerprint from '%s'".formatted(line));
        }
        return new Fingerprint(
                new Numerics(
                        table.get(PRODUCTS),
                        table.get(PRECISION),
                        table.get(ELEMENTWISE),
                        Integer.parseInt(table.get(TILE))),
                Integer.parseInt(table.get(CORES)));
    }

    /**
     * What all ranks can compute with.
     *
     * @param offers of the ranks, in their order
     * @throws NumericsException if they have no products in common
     */
    public static Fingerprint common(List<Fingerprint> offers) {
        try {
            List<Numerics> all = offers.stream().map(Fingerprint::numerics).toList();
            return new Fingerprint(Numerics.common(all), offers.get(0).cores);
        } catch (IllegalStateException e) {
            throw new NumericsException("Cannot train with different numerics: %s (in Spark, spark.executorEnv). %s"
                    .formatted(
                            e.getMessage(),
                            IntStream.range(0, offers.size())
                                    .mapToObj(rank -> "Rank %d has %s"
                                            .formatted(
                                                    rank,
                                                    offers.get(rank).numerics.products()))
                                    .collect(Collectors.joining(", "))));
        }
    }

    /**
     * What a run that began with this goes on with, on other machines or with other settings of speed: the number format that it began in, and
     * what its ranks have in common now.
     *
     * @param now what all ranks would compute with
     * @throws NumericsException if they do not have the number format
     */
    public Fingerprint resumedOn(Fingerprint now) {
        String format = numerics.precision();
        Numerics possible = now.numerics;
        if (!format.equals(possible.precision()) && !format.equals(Numerics.FP32)) {
            throw new NumericsException(
                    "Cannot resume in %s, in which the run began: its ranks have no more than %s in common. Place them on machines that compute in %s"
                            .formatted(format, possible.precision(), format));
        }
        return new Fingerprint(
                new Numerics(possible.products(), format, possible.elementwise(), possible.tile()), now.cores);
    }
}
