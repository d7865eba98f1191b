package siglip.job.stage;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
    private static final Pattern LINE =
            Pattern.compile("products: ([^|]*) \\| precision: ([^|]*) \\| elementwise: ([^|]*)"
                    + " \\| tile: (\\d+) \\| cores of a rank: (\\d+) \\| threads inside the library: 1");

    /** By name, in a fixed order. */
    public Map<String, String> table() {
        Map<String, String> table = new LinkedHashMap<>();
        table.put("products", numerics.products());
        table.put("precision", numerics.precision());
        table.put("elementwise", numerics.elementwise());
        table.put("tile", Integer.toString(numerics.tile()));
        table.put("cores of a rank", Integer.toString(cores));
        table.put("threads inside the library", "1");
        return table;
    }

    /** The table as one line, for people, the wire and checkpoints. */
    @Override
    public String toString() {
        return table().entrySet().stream()
                .map(entry -> entry.getKey() + ": " + entry.getValue())
                .collect(Collectors.joining(" | "));
    }

    /** @throws IllegalArgumentException if the line is not one of {@link #toString} */
    public static Fingerprint parse(String line) {
        Matcher is = LINE.matcher(line);
        if (!is.matches()) {
            throw new IllegalArgumentException("Cannot read a numerics fingerprint from '%s'".formatted(line));
        }
        return new Fingerprint(
                new Numerics(is.group(1), is.group(2), is.group(3), Integer.parseInt(is.group(4))),
                Integer.parseInt(is.group(5)));
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
