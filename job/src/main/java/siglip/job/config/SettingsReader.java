package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.DoublePredicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Takes values out of settings by type. What is wrong is noted with its place, and a stand-in returned, so that everything that is
 * wrong is found in one go.
 */
final class SettingsReader {
    /**
     * Which numbers will do.
     *
     * @param words end the sentence "must be a number ..."
     */
    record Bound(DoublePredicate holds, String words) {
        /** What float32 still multiplies and squares: the rest becomes 0 or infinity somewhere in a step. */
        private static final double LEAST = 1e-30;

        private static final double MOST = 1e30;

        static final Bound ANY = between(-MOST, MOST);
        static final Bound ABOVE_ZERO = between(LEAST, MOST);
        static final Bound NOT_NEGATIVE = between(0, MOST);
        static final Bound SHARE = new Bound(value -> value >= 0 && value <= 1, " from 0 to 1");
        static final Bound SHARE_WITHIN = new Bound(value -> value > 0 && value < 1, " above 0 and below 1");
        static final Bound SHARE_BELOW_ONE = new Bound(value -> value >= 0 && value < 1, " from 0 to below 1");

        static Bound atLeast(double low) {
            return between(low, MOST);
        }

        static Bound between(double low, double high) {
            return new Bound(
                    value -> value >= low && value <= high, " from %s to %s".formatted(plain(low), plain(high)));
        }

        /** Not 1.0E30. */
        private static String plain(double value) {
            return Double.toString(value).replaceFirst("\\.0(?=E|$)", "").replace('E', 'e');
        }
    }

    private static final Duration LONGEST = Duration.ofDays(1000); // in nanoseconds it fits a long with room to add
    private static final int SHOWN = 200;

    private final Config config;
    private final String prefix;
    private final List<String> problems;
    private final Set<String> wrong;
    private final Set<String> read;

    SettingsReader(Config config, List<String> problems) {
        this(config, "", problems, new HashSet<>(), new TreeSet<>());
    }

    private SettingsReader(Config config, String prefix, List<String> problems, Set<String> wrong, Set<String> read) {
        this.config = config;
        this.prefix = prefix;
        this.problems = problems;
        this.wrong = wrong;
        this.read = read;
    }

    /** The paths asked for so far. */
    Set<String> read() {
        return read;
    }

    /**
     * Notes that {@code path} cannot be used, unless it or one of {@code others} was found wrong before. The place is that of
     * the first of them that is no default.
     */
    void require(boolean holds, String path, String message, String... others) {
        List<String> keys = Stream.concat(Stream.of(path), Stream.of(others)).toList();
        if (!holds && keys.stream().noneMatch(key -> wrong.contains(prefix + key))) {
            ConfigOrigin place = keys.stream()
                    .map(this::origin)
                    .filter(origin -> !SettingsLayers.isDefault(origin))
                    .findFirst()
                    .orElseGet(() -> origin(path));
            problem(place, path, message);
        }
    }

    /** Whether there is a value at {@code path}, which may be {@code null}. */
    boolean sets(String path) {
        return find(path).isPresent();
    }

    /** Whether no layer but that of the defaults sets {@code path}. */
    boolean isDefault(String path) {
        return SettingsLayers.isDefault(origin(path));
    }

    String text(String path) {
        return optionalText(path).orElseGet(() -> {
            unfit(path, "a text");
            return "";
        });
    }

    /** Empty for {@code null} and for blank text. */
    Optional<String> optionalText(String path) {
        return scalar(path, "a text").map(String::strip).filter(text -> !text.isEmpty());
    }

    int integer(String path, int low) {
        return integer(path, low, Integer.MAX_VALUE);
    }

    int integer(String path, int low, int high) {
        return (int) whole(path, low, high);
    }

    /** Empty for {@code null}. */
    OptionalInt optionalInteger(String path, int low) {
        return optionalInteger(path, low, Integer.MAX_VALUE);
    }

    /** Empty for {@code null}. */
    OptionalInt optionalInteger(String path, int low, int high) {
        return scalar(path, "a whole number, or null").isPresent()
                ? OptionalInt.of(integer(path, low, high))
                : OptionalInt.empty();
    }

    long whole(String path, long low, long high) {
        String wanted = high == Long.MAX_VALUE || high == Integer.MAX_VALUE
                ? "a whole number" + (low == Long.MIN_VALUE ? "" : " of at least " + low)
                : "a whole number from %d to %d".formatted(low, high);
        Optional<String> text = mandatory(path, wanted);
        if (text.isPresent()) {
            try {
                long value = new BigDecimal(text.get().strip()).longValueExact();
                if (value >= low && value <= high) {
                    return value;
                }
            } catch (ArithmeticException | NumberFormatException e) {
                // told below
            }
        }
        unfit(path, wanted);
        return low;
    }

    double number(String path, Bound bound) {
        return mandatory(path, "a number" + bound.words())
                .map(text -> parse(path, text, bound))
                .orElse(Double.NaN);
    }

    /** Empty for {@code null}. */
    OptionalDouble optionalNumber(String path, Bound bound) {
        Optional<String> text = scalar(path, "a number" + bound.words() + ", or null");
        return text.isPresent() ? OptionalDouble.of(parse(path, text.get(), bound)) : OptionalDouble.empty();
    }

    boolean flag(String path) {
        Optional<String> text = mandatory(path, "true or false");
        if (text.isPresent() && !List.of("true", "false").contains(text.get())) {
            unfit(path, "true or false");
        }
        return text.isPresent() && text.get().equals("true");
    }

    /** From 1 ms, what clocks and timers tell apart. */
    Duration duration(String path) {
        return duration(path, Duration.ofMillis(1), "from 1 ms to 1000 d");
    }

    Duration duration(String path, Duration least, String range) {
        String wanted = "a duration %s with its unit, such as 30 s".formatted(range);
        Optional<String> text = mandatory(path, wanted);
        try {
            if (text.isPresent() && text.get().codePoints().anyMatch(Character::isLetter)) {
                Duration value = config.getDuration(path);
                if (value.compareTo(least) >= 0 && value.compareTo(LONGEST) <= 0) {
                    return value;
                }
            }
        } catch (ConfigException e) {
            // told below
        }
        unfit(path, wanted);
        return Duration.ofSeconds(1);
    }

    /** A size, in bytes. */
    long bytes(String path) {
        return bytes(path, 0, "a size such as 64 MiB");
    }

    private long bytes(String path, long least, String wanted) {
        try {
            if (mandatory(path, wanted).isPresent()) {
                long size = config.getBytes(path);
                if (size >= least) {
                    return size;
                }
            }
        } catch (ConfigException e) {
            // told below
        }
        unfit(path, wanted);
        return least;
    }

    /** Above 0, as the latency of a network is; empty for {@code null}. */
    Optional<Duration> optionalDuration(String path) {
        return scalar(path, "a duration, or null").isPresent()
                ? Optional.of(duration(path, Duration.ofNanos(1), "above 0 and up to 1000 d"))
                : Optional.empty();
    }

    /** A size above 0, in bytes; empty for {@code null}. */
    OptionalLong optionalBytes(String path) {
        return scalar(path, "a size, or null").isPresent()
                ? OptionalLong.of(bytes(path, 1, "a size above 0, such as 64 MiB"))
                : OptionalLong.empty();
    }

    <E extends Enum<E>> E choice(String path, Class<E> type) {
        List<String> names =
                Stream.of(type.getEnumConstants()).map(Choice::name).toList();
        return type.getEnumConstants()[names.indexOf(choice(path, names))];
    }

    /** One of {@code names}; the first is the stand-in. */
    String choice(String path, List<String> names) {
        String wanted = "one of " + String.join(", ", names);
        return mandatory(path, wanted)
                .map(String::strip)
                .filter(names::contains)
                .orElseGet(() -> {
                    unfit(path, wanted);
                    return names.get(0);
                });
    }

    List<String> texts(String path) {
        return list(path, "a list of texts", ConfigValueType.STRING).stream()
                .map(value -> value.unwrapped().toString().strip())
                .toList();
    }

    /** A text or a list of texts, of at least one that is not blank. */
    List<String> names(String path) {
        boolean isList = find(path)
                .filter(value -> value.valueType() == ConfigValueType.LIST)
                .isPresent();
        List<String> names = isList ? texts(path) : optionalText(path).stream().toList();
        if (names.isEmpty() || names.contains("")) {
            unfit(path, "a text or a list of texts");
        }
        return names;
    }

    /** Whole numbers from 1 to {@code high}, no more than {@code most} of them. */
    List<Integer> sizes(String path, int high, int most) {
        String wanted = "a list of up to %d whole numbers from 1 to %d".formatted(most, high);
        List<Integer> sizes = new ArrayList<>();
        for (ConfigValue value : list(path, wanted, ConfigValueType.NUMBER)) {
            double size = ((Number) value.unwrapped()).doubleValue();
            if (!(size >= 1 && size <= high && size == Math.rint(size)) || sizes.size() == most) {
                unfit(path, wanted);
                return List.of();
            }
            sizes.add((int) size);
        }
        return List.copyOf(sizes);
    }

    /** A list of objects, one reader each. Keys that are not in {@code keys} are unknown. */
    List<SettingsReader> objects(String path, Set<String> keys) {
        List<SettingsReader> readers = new ArrayList<>();
        for (ConfigValue value : list(path, "a list of objects", ConfigValueType.OBJECT)) {
            ConfigObject object = (ConfigObject) value;
            String element = "%s%s[%d].".formatted(prefix, path, readers.size());
            SettingsLayers.leaves(object).forEach((key, held) -> {
                if (!keys.contains(key) && sets(key)) {
                    problems.add("%s: unknown key %s: an arm has no %s of its own, set that for all"
                            .formatted(SettingsLayers.place(held.origin()), element + key, key));
                } else if (!keys.contains(key)) {
                    Set<String> known =
                            keys.stream().map(name -> element + name).collect(Collectors.toCollection(TreeSet::new));
                    problems.add(UnknownKeys.message(held, element + key, known));
                }
            });
            readers.add(new SettingsReader(object.toConfig(), element, problems, wrong, read));
        }
        return readers;
    }

    /** A value in a message. */
    static String show(ConfigValue value) {
        return shortened(value.render(ConfigRenderOptions.concise()));
    }

    /** On one line, and no longer than a message should be. */
    static String shortened(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ");
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...";
    }

    private double parse(String path, String text, Bound bound) {
        try {
            double value = new BigDecimal(text.strip()).doubleValue();
            if (Double.isFinite(value) && bound.holds().test(value)) {
                return value;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        unfit(path, "a number" + bound.words());
        return Double.NaN;
    }

    private List<? extends ConfigValue> list(String path, String wanted, ConfigValueType elements) {
        read.add(prefix + path);
        Optional<ConfigValue> value = find(path);
        if (value.isPresent()
                && value.get() instanceof ConfigList list
                && list.stream().allMatch(element -> element.valueType() == elements)) {
            return list;
        }
        unfit(path, wanted);
        return List.of();
    }

    private Optional<String> mandatory(String path, String wanted) {
        Optional<String> text = scalar(path, wanted);
        if (text.isEmpty()) {
            unfit(path, wanted);
        }
        return text;
    }

    private Optional<String> scalar(String path, String wanted) {
        read.add(prefix + path);
        Optional<ConfigValue> value = find(path);
        if (value.isEmpty() || value.get().valueType() == ConfigValueType.NULL) {
            return Optional.empty();
        }
        if (value.get().valueType() == ConfigValueType.LIST || value.get().valueType() == ConfigValueType.OBJECT) {
            unfit(path, wanted);
            return Optional.empty();
        }
        return Optional.of(config.getString(path));
    }

    private Optional<ConfigValue> find(String path) {
        ConfigValue value = config.root();
        for (String key : ConfigUtil.splitPath(path)) {
            value = value instanceof ConfigObject object ? object.get(key) : null;
        }
        return Optional.ofNullable(value);
    }

    /** The value as messages show it. */
    String shown(String path) {
        return find(path).map(SettingsReader::show).orElse("nothing");
    }

    private ConfigOrigin origin(String path) {
        return find(path).orElse(config.root()).origin();
    }

    private void unfit(String path, String wanted) {
        problem(origin(path), path, "must be %s, found %s".formatted(wanted, shown(path)));
    }

    /** Notes what is wrong with {@code path}, unless something is noted already. */
    private void problem(ConfigOrigin place, String path, String message) {
        if (wrong.add(prefix + path)) {
            problems.add("%s: %s%s %s".formatted(SettingsLayers.place(place), prefix, path, message));
        }
    }
}
