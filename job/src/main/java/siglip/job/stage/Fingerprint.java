package siglip.job.stage;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import siglip.job.ring.NumericsException;
import siglip.kernels.Numerics;

/** The numerics of a run as one line, and back as a table. A rank offers what it would compute with; the driver makes one line of all. */
public final class Fingerprint {
    private static final String BETWEEN = " | ";
    private static final String IS = ": ";
    private static final String PRODUCTS = "products";
    private static final String PRECISION = "precision";
    private static final String ELEMENTWISE = "elementwise";
    private static final String TILE = "tile";
    private static final String CORES = "cores of a rank";

    private Fingerprint() {}

    static String of(Numerics numerics, int cores) {
        return String.join(
                BETWEEN,
                PRODUCTS + IS + numerics.products(),
                PRECISION + IS + numerics.precision(),
                ELEMENTWISE + IS + numerics.elementwise(),
                TILE + IS + numerics.tile(),
                CORES + IS + cores,
                "threads inside the library" + IS + 1);
    }

    public static Map<String, String> read(String line) {
        Map<String, String> table = new LinkedHashMap<>();
        for (String part : line.split(Pattern.quote(BETWEEN), -1)) {
            int is = part.indexOf(IS);
            if (is > 0) {
                table.put(part.substring(0, is), part.substring(is + IS.length()));
            }
        }
        return table;
    }

    static Numerics numerics(String line) {
        Map<String, String> table = read(line);
        return new Numerics(
                table.get(PRODUCTS), table.get(PRECISION), table.get(ELEMENTWISE), Integer.parseInt(table.get(TILE)));
    }

    /**
     * What all ranks can compute with.
     *
     * @param offers of the ranks, in their order
     * @throws NumericsException if they have no products in common
     */
    public static String common(List<String> offers) {
        try {
            Numerics common =
                    Numerics.common(offers.stream().map(Fingerprint::numerics).toList());
            return of(common, Integer.parseInt(read(offers.get(0)).get(CORES)));
        } catch (IllegalStateException e) {
            throw new NumericsException("Cannot train with different numerics: %s (in Spark, spark.executorEnv). %s"
                    .formatted(
                            e.getMessage(),
                            IntStream.range(0, offers.size())
                                    .mapToObj(rank -> "Rank %d has %s"
                                            .formatted(
                                                    rank,
                                                    numerics(offers.get(rank)).products()))
                                    .collect(Collectors.joining(", "))));
        }
    }

    /**
     * What a run goes on with on other machines, or with other settings of speed: the number format that it began in, and what its ranks have in common.
     *
     * @param before what it began with
     * @param now what all ranks would compute with
     * @throws NumericsException if they do not have the number format
     */
    public static String resumed(String before, String now) {
        String format = numerics(before).precision();
        Numerics possible = numerics(now);
        if (!format.equals(possible.precision()) && !format.equals("fp32")) {
            throw new NumericsException(
                    "Cannot resume in %s, in which the run began: its ranks have no more than %s in common. Place them on machines that compute in %s"
                            .formatted(format, possible.precision(), format));
        }
        return of(
                new Numerics(possible.products(), format, possible.elementwise(), possible.tile()),
                Integer.parseInt(read(now).get(CORES)));
    }
}
