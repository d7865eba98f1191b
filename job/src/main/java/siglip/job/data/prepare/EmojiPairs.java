package siglip.job.data.prepare;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import siglip.job.data.prepare.EmojiNames.Concept;
import siglip.job.files.OwnFolder;
import siglip.job.formats.DataException;

/**
 * Emoji drawings with their names as image-text pairs: {@code prepare emoji}.
 *
 * <p>Columns: {@code image} (PNG, 32 x 32 pixels), {@code caption} (CLDR name), {@code keywords} (array of strings),
 * {@code group}, {@code subgroup}, {@code vendor} (the set of drawings) and {@code concept} (the name in short form, the
 * same for all vendors). Rows are sorted by vendor and icon name, so the same jars give the same rows.
 */
public final class EmojiPairs {
    /** The sets of the sample: Apache-2.0 and MIT. */
    public static final List<String> SAMPLE = List.of("fluent-emoji-flat", "noto", "noto-v1");

    /** All sets that name their icons by concept: five more, under CC-BY and CC-BY-SA. */
    public static final List<String> ALL = List.of(
            "emojione",
            "emojione-v1",
            "fluent-emoji-flat",
            "noto",
            "noto-v1",
            "openmoji",
            "streamline-emojis",
            "twemoji");

    /** Pixels of a side. */
    static final int PX = 32;

    /** Name of the file of pairs. */
    static final String FILE = "pairs.parquet";

    private static final StructType SCHEMA = new StructType()
            .add("image", DataTypes.BinaryType, false)
            .add("caption", DataTypes.StringType, false)
            .add("keywords", DataTypes.createArrayType(DataTypes.StringType, false), false)
            .add("group", DataTypes.StringType, false)
            .add("subgroup", DataTypes.StringType, false)
            .add("vendor", DataTypes.StringType, false)
            .add("concept", DataTypes.StringType, false);

    private EmojiPairs() {}

    /**
     * Draws the pairs of the given sets and writes {@code pairs.parquet} and {@code NOTICE.md} into a folder.
     *
     * @param vendors sets of drawings, out of {@link #ALL}
     * @param folder where they take the place of what the program has written before
     * @return how many pairs were written
     * @throws IOException if they cannot be written
     * @throws DataException if a jar is missing or another than expected, or a set is not known
     */
    public static long write(SparkSession spark, EmojiJars jars, List<String> vendors, OwnFolder folder)
            throws IOException {
        List<String> unknown =
                vendors.stream().filter(vendor -> !ALL.contains(vendor)).toList();
        if (!unknown.isEmpty() || vendors.isEmpty()) {
            throw new DataException("Cannot draw the sets %s: known are %s".formatted(unknown, ALL));
        }
        jars.check();
        Map<String, Concept> concepts = EmojiNames.concepts(jars.emojis());
        List<Row> rows = new ArrayList<>();
        for (String vendor : new TreeSet<>(vendors)) {
            rows.addAll(rows(vendor, jars.set(vendor), concepts));
        }
        Dataset<Row> pairs = spark.createDataFrame(rows, SCHEMA);
        WholeParquet.write(pairs.coalesce(1), folder, number -> FILE);
        EmojiNotice.write(jars.collections(), vendors, folder);
        return rows.size();
    }

    /** The pairs of one set, sorted by icon name. */
    private static List<Row> rows(String vendor, JsonNode set, Map<String, Concept> concepts) {
        return set.get("icons").properties().stream()
                .filter(icon -> !icon.getValue().path("hidden").asBoolean())
                .sorted(Map.Entry.comparingByKey(Comparator.naturalOrder()))
                .toList()
                .parallelStream()
                .flatMap(icon -> Optional.ofNullable(concepts.get(EmojiNames.key(vendor, icon.getKey()))).stream()
                        .map(concept -> row(vendor, icon.getKey(), Drawing.svg(set, icon.getValue()), concept)))
                .toList();
    }

    private static Row row(String vendor, String icon, String svg, Concept concept) {
        return RowFactory.create(
                Drawing.png(vendor + "/" + icon, svg, PX),
                concept.description(),
                concept.keywords().toArray(String[]::new),
                concept.group(),
                concept.subgroup(),
                vendor,
                concept.slug());
    }
}
