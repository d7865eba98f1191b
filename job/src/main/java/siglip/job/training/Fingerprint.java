package siglip.job.training;

import java.util.LinkedHashMap;
import java.util.Map;
import siglip.kernels.Numerics;

/** The numerics of a run as one line, which all ranks must share to the letter, and back as a table. */
final class Fingerprint {
    private static final String BETWEEN = " | ";
    private static final String IS = ": ";

    private Fingerprint() {}

    static String of(Lanes lanes) {
        Numerics numerics = lanes.kernels(0).numerics();
        return String.join(
                BETWEEN,
                "products" + IS + numerics.products(),
                "precision" + IS + numerics.precision(),
                "elementwise" + IS + numerics.elementwise(),
                "tile" + IS + numerics.tile(),
                "cores of a rank" + IS + lanes.count(),
                "threads inside the library" + IS + 1);
    }

    static Map<String, String> read(String line) {
        Map<String, String> table = new LinkedHashMap<>();
        for (String part : line.split(java.util.regex.Pattern.quote(BETWEEN), -1)) {
            int is = part.indexOf(IS);
            if (is > 0) {
                table.put(part.substring(0, is), part.substring(is + IS.length()));
            }
        }
        return table;
    }
}
