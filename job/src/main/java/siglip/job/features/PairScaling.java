package siglip.job.features;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How both sides of a pair are scaled.
 *
 * @param image features of images
 * @param text features of texts; {@link FeatureScaling#NONE} where they are tokens
 */
public record PairScaling(FeatureScaling image, FeatureScaling text) implements Serializable {
    private static final int EXAMPLES = 5;

    /** Which features say nothing, or next to nothing, by what is wrong with them; empty where none is. */
    public Map<String, String> remarks() {
        Map<String, String> remarks = new LinkedHashMap<>();
        remark(remarks, "image", image);
        remark(remarks, "text", text);
        return Collections.unmodifiableMap(remarks);
    }

    private static void remark(Map<String, String> remarks, String side, FeatureScaling scaling) {
        int all = scaling.mean().length;
        int[] constant = scaling.constant();
        if (constant.length > 0) {
            remarks.put(
                    "constant %s features".formatted(side),
                    "%d of %d are the same in all training rows and become 0: %s"
                            .formatted(constant.length, all, places(constant)));
        }
        int[] nearly = scaling.nearlyConstant();
        if (nearly.length > 0) {
            remarks.put(
                    "nearly constant %s features".formatted(side),
                    "%d of %d vary by less than a millionth of their mean, which leaves float32 little more than rounding: %s. Subtract the mean before they are stored"
                            .formatted(nearly.length, all, places(nearly)));
        }
    }

    private static String places(int... features) {
        String first = IntStream.of(features)
                .limit(EXAMPLES)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
        return "number " + first + (features.length > EXAMPLES ? ", ..." : "") + " (from 0)";
    }
}
