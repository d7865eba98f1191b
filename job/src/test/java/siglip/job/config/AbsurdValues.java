package siglip.job.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Values that people and programs give by mistake: each is tried with every key, whatever the key's type. */
public final class AbsurdValues {
    private static final List<String> NUMBERS = List.of(
            "0",
            "-0",
            "-1",
            "0.5",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e-999",
            "1e999",
            "1e308",
            "-1e308",
            "1e-308",
            "1e30",
            "1e-30",
            "1e999999999",
            "-1e999999999",
            "1e-999999999",
            "2147483647",
            "2147483648",
            "-2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "1073741824",
            "65536",
            "0x10",
            "1_000",
            "9".repeat(5000));

    private static final List<String> UNITS = List.of(
            "1 ns",
            "0 s",
            "-5 s",
            "1e300 d",
            "1000 d",
            "999999999999 d",
            "9223372036854775807 ns",
            "-1 MiB",
            "0 B",
            "9223372036854775807 B",
            "9223372036854775808 B",
            "1e300 TiB",
            "1e-300 MiB",
            "NaN s",
            "5 parsecs");

    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "null",
            "true",
            "\"\"",
            "\u0000",
            "a\nb",
            "../..",
            "/",
            "~",
            "'",
            "`",
            "%s%n",
            "${run.name}",
            "\ud83d\ude00",
            "\ud800",
            "x".repeat(100_000));

    private static final List<String> STRUCTURES = List.of(
            "[]",
            "{}",
            "[",
            "[null]",
            "[[]]",
            "[\"\"]",
            "[1e999]",
            "[1e999999999]",
            "[-1]",
            "[0.5]",
            "[2147483648]",
            "[65536, 65536, 65536]",
            "{a = 1}",
            "[{}]",
            "[{name = a}, {name = a}]",
            "[" + "1,".repeat(10_000) + "1]",
            "[{name = a, loss = sigmoid, initial-scale = 1e308}]",
            "[{name = a, loss = sigmoid, initial-scale = 10, initial-bias = 1e308}]",
            "[{name = a, loss = sigmoid, initial-scale = NaN}]",
            "[{name = \"\", loss = \"\", initial-scale = \"\"}]");

    private AbsurdValues() {}

    private static List<String> all() {
        return Stream.of(NUMBERS, UNITS, TEXTS, STRUCTURES)
                .flatMap(List::stream)
                .toList();
    }

    /** Of all values every fifth, from a place that the key decides; with {@code -Dfuzz.settings=all}, all of them. */
    public static List<String> some(String key) {
        List<String> all = all();
        int each = System.getProperty("fuzz.settings", "some").equals("all") ? 1 : 5;
        int first = Math.floorMod(key.hashCode(), each);
        return IntStream.range(0, all.size())
                .filter(i -> i % each == first)
                .mapToObj(all::get)
                .toList();
    }

    /** Every key, as {@code reference.conf} has it. */
    public static List<String> keys() {
        return new ArrayList<>(
                SettingsLayers.leaves(SettingsLayers.defaults().root()).keySet());
    }

    static LoadedSettings load(String assignment) {
        return SettingsLoader.load(new SettingsSources(List.of(assignment), Map.of(), Map.of(), Optional.empty()));
    }

    /** An assignment in a message of a test. */
    public static String shown(String assignment) {
        String plain = assignment.replace("\u0000", "\\0").replace("\n", "\\n");
        return plain.length() < 100 ? plain : plain.substring(0, 100) + "...";
    }
}
