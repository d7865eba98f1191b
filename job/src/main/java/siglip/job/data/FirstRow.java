package siglip.job.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What was understood of one of the first rows, for somebody who looks whether it is what they meant.
 *
 * @param place file and row
 * @param use what the row is for, or why it is not used
 * @param image format and size of the picture, or what else the cell holds
 * @param captions beginning of each; none where texts are features
 * @param classes value of each class column
 */
public record FirstRow(String place, String use, String image, List<String> captions, Map<String, String> classes) {
    public FirstRow {
        captions = List.copyOf(captions);
        classes = Collections.unmodifiableMap(new LinkedHashMap<>(classes));
    }

    @Override
    public String toString() {
        String named = classes.entrySet().stream()
                .map(each -> ", %s = %s".formatted(each.getKey(), each.getValue()))
                .collect(Collectors.joining());
        String texts = captions.stream().map(each -> ", \"" + each + "\"").collect(Collectors.joining());
        return "%s: %s, %s%s%s".formatted(place, use, image, texts, named);
    }
}
