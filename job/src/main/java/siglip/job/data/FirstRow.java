package siglip.job.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What was understood of one of the first rows, for somebody who looks whether it is what they meant.
 *
 * @param place file and row
 * @param use what the row is for, or why it is not used
 * @param image format and size of the picture, or what else the cell holds
 * @param text beginning of the caption; empty where there is none
 * @param classes value of each class column
 */
public record FirstRow(String place, String use, String image, String text, Map<String, String> classes) {
    public FirstRow {
        classes = Collections.unmodifiableMap(new LinkedHashMap<>(classes));
    }

    @Override
    public String toString() {
        String named = classes.entrySet().stream()
                .map(each -> ", %s = %s".formatted(each.getKey(), each.getValue()))
                .collect(Collectors.joining());
        return "%s: %s, %s%s%s".formatted(place, use, image, text.isEmpty() ? "" : ", \"" + text + "\"", named);
    }
}
