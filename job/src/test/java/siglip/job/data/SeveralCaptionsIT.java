package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import siglip.job.batches.BatchSource;
import siglip.job.batches.PackedPairs;
import siglip.job.features.HashedWords;
import siglip.job.features.TokenBags;
import siglip.job.formats.DataException;

/** Pictures with several captions, in lists and in several columns, and captions that are stored as bytes. */
class SeveralCaptionsIT extends OnLocalSpark {
    private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType);
    private static final DataType STRINGS = DataTypes.createArrayType(DataTypes.StringType);

    private PairData open(String name, DataType type, List<Object> texts, String... more) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < texts.size(); i++) {
            rows.add(RowFactory.create(new float[] {i + 1, 1}, texts.get(i)));
        }
        return openRows(name, new StructType().add("image", FLOATS).add("text", type), rows, more);
    }

    private PairData openRows(String name, StructType schema, List<Row> rows, String... more) {
        String path = TestData.write(spark, folder.resolve(name), schema, rows);
        return PairData.open(spark, TestData.features(path, more), TestData.BUCKETS);
    }

    private static int[] tokens(PackedPairs pairs, int text) {
        TokenBags bags = new TokenBags();
        pairs.addTokens(text, false, bags);
        return Arrays.copyOfRange(bags.tokens(), bags.start(0), bags.end(0));
    }

    private static int[] words(String caption) {
        return new HashedWords(TestData.BUCKETS).of(caption);
    }

    @Test
    void aListHoldsTheCaptionsOfAPictureAndWhatIsEmptyInItIsDropped() {
        List<Object> lists = List.of(
                Arrays.asList("red circle", null, "", "a circle"), List.of("blue bar"), List.of("", " "), List.of());
        try (PairData data = open("lists", STRINGS, lists, "data.max-skipped-share=0.5")) {
            PackedPairs pairs = data.training();
            assertThat(pairs.rows()).isEqualTo(2);
            assertThat(pairs.firstText(2)).isEqualTo(3);
            assertThat(tokens(pairs, 0)).containsExactly(words("red circle"));
            assertThat(tokens(pairs, 1)).containsExactly(words("a circle"));
            assertThat(tokens(pairs, 2)).containsExactly(words("blue bar"));
            assertThat(pairs.rowOf(1)).isZero();
            assertThat(pairs.rowOf(2)).isEqualTo(1);
            assertThat(data.summary().skipped().toString()).contains("empty caption: 2");
            assertThat(data.summary().concepts()).as("captions are concepts").isEqualTo(4); // " " among them
        }
    }

    @Test
    void aRowWithTwoFaultsHasTheReasonThatIsCheapestToFind() {
        StructType schema = new StructType().add("image", FLOATS).add("text", STRINGS);
        List<Row> rows = List.of(
                RowFactory.create(new float[] {1}, List.of("a")),
                RowFactory.create(null, List.of("")),
                RowFactory.create(null, List.of("", "?!")),
                RowFactory.create(new float[] {0}, List.of("?!")));
        try (PairData data = openRows("faults", schema, rows, "data.max-skipped-share=0.8")) {
            assertThat(data.summary().skipped().toString())
                    .contains("empty caption: 1", "no image: 1", "image features are all zero: 1");
            assertThat(data.firstRows(4))
                    .extracting(FirstRow::captions)
                    .containsExactly(List.of("a"), List.of(), List.of("?!"), List.of("?!"));
        }
    }

    @Test
    void columnsHoldFurtherCaptionsAndMayHoldListsThemselves() {
        StructType schema = new StructType()
                .add("image", FLOATS)
                .add("text", DataTypes.StringType)
                .add("long ones", STRINGS);
        List<Row> rows = List.of(
                RowFactory.create(new float[] {1}, "a", List.of("b", "c")),
                RowFactory.create(new float[] {2}, null, List.of("d")),
                RowFactory.create(new float[] {3}, "e", null));
        try (PairData data = openRows("columns", schema, rows, "data.columns.text=[text, long ones]")) {
            PackedPairs pairs = data.training();
            assertThat(pairs.texts(0)).isEqualTo(3);
            assertThat(tokens(pairs, 1)).containsExactly(words("b"));
            assertThat(tokens(pairs, pairs.firstText(1))).containsExactly(words("d"));
            assertThat(tokens(pairs, pairs.firstText(2))).containsExactly(words("e"));
        }
    }

    @Test
    void listsOfFeaturesAndColumnsOfThemAreTextsToo() {
        StructType schema = new StructType()
                .add("image", FLOATS)
                .add("text", DataTypes.createArrayType(FLOATS))
                .add("more", FLOATS);
        List<Row> rows = List.of(
                RowFactory.create(
                        new float[] {1}, Arrays.asList(new float[] {1, 2}, null, new float[] {3, 4}), new float[] {5, 6
                        }),
                RowFactory.create(new float[] {2}, List.of(new float[] {7, 8}), null),
                RowFactory.create(new float[] {3}, List.of(new float[] {7, 8}, new float[] {9}), null),
                RowFactory.create(new float[] {4}, List.of(), null));
        try (PairData data =
                openRows("vectors", schema, rows, "data.columns.text=[text, more]", "data.max-skipped-share=0.5")) {
            PackedPairs pairs = data.training();
            float[] all = new float[8];
            for (int text = 0; text < 4; text++) {
                pairs.text(text, all, 2 * text);
            }
            assertThat(all).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
            assertThat(pairs.conceptId(2)).isEqualTo(pairs.conceptId(0)).isNotEqualTo(pairs.conceptId(3));
            assertThat(data.summary().skipped().toString())
                    .contains("text features of different widths: 1", "no text features: 1");
        }
    }

    @Test
    void oneTextIsDrawnEachEpochByBothSourcesAlikeAndEachAsOften() {
        List<Object> lists = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            lists.add(List.of("first" + i, "second" + i, "third" + i));
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<BatchContents> replicated;
        PackedPairs pairs;
        try (PairData data = open("draw", STRINGS, lists, "data.source=replicated");
                BatchSource source = data.source(30, 1, 5)) {
            pairs = data.training();
            replicated = BatchContents.read(source, context, 2, 0, 40);
        }
        Map<Integer, Integer> drawn = new HashMap<>();
        for (BatchContents batch : replicated) {
            for (int row = 0; row < 30; row++) {
                int id = batch.ids().get(row).intValue();
                int concept = batch.conceptIds().get(row);
                int text = pairs.firstText(id);
                while (pairs.conceptId(text) != concept) {
                    text++;
                }
                drawn.merge(text - pairs.firstText(id), 1, Integer::sum);
                assertThat(batch.tokens().get(row))
                        .as("the concept is that of the caption drawn")
                        .containsExactlyElementsOf(
                                Arrays.stream(tokens(pairs, text)).boxed().toList());
            }
        }
        assertThat(drawn.values()).hasSize(3).allMatch(count -> Math.abs(count - 400) < 80); // 5 standard deviations
        try (PairData data = PairData.open(
                        spark,
                        TestData.features(folder.resolve("draw").toString(), "data.source=shuffled"),
                        TestData.BUCKETS);
                BatchSource source = data.source(30, 1, 5)) {
            for (int step = 0; step < 3; step++) {
                assertThat(BatchContents.read(source, context, 3, step, step + 1))
                        .isEqualTo(replicated.subList(step, step + 1));
            }
        }
    }

    @Test
    void severalTextsOfAnImageStandInItsBatchBesideCopiesOfItByBothSourcesAlike() {
        List<Object> lists = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            lists.add(List.of("first" + i, "second" + i, "third" + i));
            lists.add(List.of("single" + i));
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<BatchContents> batches;
        try (PairData data = open("together", STRINGS, lists, "data.source=replicated");
                BatchSource source = data.source(12, 2, 5)) { // 6 of 20 images
            assertThat(source.plan().batchesPerEpoch()).isEqualTo(3);
            batches = BatchContents.read(source, context, 5, 0, 6);
        }
        for (BatchContents batch : batches) {
            assertThat(new HashSet<>(batch.ids())).hasSize(6);
            for (int row = 0; row < 12; row += 2) {
                assertThat(batch.ids().get(row + 1)).isEqualTo(batch.ids().get(row));
                assertThat(batch.conceptIds().get(row + 1))
                        .isEqualTo(batch.conceptIds().get(row));
                boolean several = batch.ids().get(row) % 2 == 0;
                assertThat(batch.tokens().get(row + 1).equals(batch.tokens().get(row)))
                        .isEqualTo(!several);
            }
        }
        assertThat(batches.subList(0, 3).stream()
                        .flatMap(batch -> batch.ids().stream())
                        .distinct())
                .as("no image is in two batches of an epoch")
                .hasSize(18);
        try (PairData data = PairData.open(
                        spark,
                        TestData.features(folder.resolve("together").toString(), "data.source=shuffled"),
                        TestData.BUCKETS);
                BatchSource source = data.source(12, 2, 5)) {
            for (int step = 1; step < 6; step++) {
                assertThat(BatchContents.read(source, context, 5, step, step + 1))
                        .isEqualTo(batches.subList(step, step + 1));
            }
        }
    }

    /** Duplicates are masked by the concepts of a batch. */
    @Test
    void equalCaptionsThatAreDrawnTogetherAreNeverNegativesOfEachOther() {
        List<Object> lists = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            lists.add(List.of("own" + i, "shared" + i % 3, "common"));
        }
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        try (PairData data = open("masked", STRINGS, lists);
                BatchSource source = data.source(30, 1, 5)) {
            for (BatchContents batch : BatchContents.read(source, context, 2, 0, 4)) {
                assertThat(batch.conceptIds().stream().distinct().count()).isLessThan(30);
                for (int a = 0; a < 30; a++) {
                    for (int b = 0; b < 30; b++) {
                        assertThat(batch.conceptIds()
                                        .get(a)
                                        .equals(batch.conceptIds().get(b)))
                                .isEqualTo(batch.tokens()
                                        .get(a)
                                        .equals(batch.tokens().get(b)));
                    }
                }
            }
        }
    }

    @Test
    void equalCaptionsOfDifferentPicturesAreOneConceptAndTheFirstDecidesWhoIsLeftOut() {
        List<Object> lists = List.of(List.of("b", "a"), List.of("c", "b"), List.of("d", "a"));
        try (PairData data = open("equal", STRINGS, lists)) {
            PackedPairs pairs = data.training();
            assertThat(pairs.conceptId(0)).isEqualTo(pairs.conceptId(3));
            assertThat(pairs.conceptId(1)).isEqualTo(pairs.conceptId(5));
            assertThat(pairs.conceptId(0)).isNotEqualTo(pairs.conceptId(1));
        }
        try (PairData data = PairData.open(
                spark,
                TestData.features(folder.resolve("equal").toString(), "data.left-out-every=3"),
                TestData.BUCKETS)) {
            assertThat(data.summary().heldOut())
                    .as("the row that begins with b, although others have its captions too")
                    .containsOnly(Map.entry(PairData.HeldOut.SEEN, 1L));
            assertThat(data.summary().leftOutConcepts()).isEqualTo(1);
            assertThat(data.summary().training()).isEqualTo(2);
        }
    }

    @Test
    void bytesAreReadAsUtf8AndWhatIsNotIsAnInvalidRow() {
        List<Object> captions = List.of(
                "crème".getBytes(StandardCharsets.UTF_8),
                "café crème".getBytes(StandardCharsets.ISO_8859_1),
                "bar".getBytes(StandardCharsets.UTF_8));
        for (String kind : List.of("auto", "raw")) {
            try (PairData data = open(
                    "bytes-" + kind,
                    DataTypes.BinaryType,
                    captions,
                    "data.columns.text-kind=" + kind,
                    "data.max-skipped-share=0.5")) {
                assertThat(tokens(data.training(), 0)).containsExactly(words("crème"));
                assertThat(data.training().rows()).isEqualTo(2);
                assertThat(data.summary().skipped().toString()).contains("text is not valid UTF-8: 1");
            }
        }
    }

    @Test
    void captionsAndFeaturesDoNotMix() {
        StructType schema = new StructType()
                .add("image", FLOATS)
                .add("text", DataTypes.StringType)
                .add("more", FLOATS);
        assertThatThrownBy(() -> openRows(
                        "mixed",
                        schema,
                        List.of(RowFactory.create(new float[] {1}, "a", new float[] {1})),
                        "data.columns.text=[text, more]"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("columns [text, more] (data.columns.text) hold captions and features");
    }

    @Test
    void aHeldOutRowIsSeenIfOneOfItsCaptionsIsInATrainingRow() {
        StructType schema = new StructType()
                .add("image", FLOATS)
                .add("text", DataTypes.createArrayType(DataTypes.StringType))
                .add("test", DataTypes.BooleanType);
        List<Row> rows = List.of(
                RowFactory.create(new float[] {1}, new String[] {"a", "b"}, false),
                RowFactory.create(new float[] {2}, new String[] {"c", "b"}, true),
                RowFactory.create(new float[] {3}, new String[] {"c", "d", "c"}, true),
                RowFactory.create(new float[] {4}, new String[] {"a"}, true));
        try (PairData data = openRows("seen", schema, rows, "data.test=test")) {
            assertThat(data.summary().heldOut())
                    .containsOnly(Map.entry(PairData.HeldOut.SEEN, 2L), Map.entry(PairData.HeldOut.UNSEEN, 1L));
        }
    }

    /** The file is {@code captions-list.parquet} of 96 drawings with three captions each. */
    @Test
    void aFileOfListsIsReadAsItIs() {
        String path =
                SeveralCaptionsIT.class.getResource("captions-list.parquet").getPath();
        try (PairData data = PairData.open(
                spark,
                TestData.features(
                        path,
                        "data.columns.text=caption",
                        "data.columns.classes=[shape]",
                        "data.test=\"split = 'test'\""),
                TestData.BUCKETS)) {
            assertThat(data.summary().training()).isEqualTo(80);
            List<PackedPairs> held = data.summary().heldOut().keySet().stream()
                    .map(set -> data.heldOut(set).pairs())
                    .toList();
            assertThat(held.stream().mapToInt(PackedPairs::rows).sum()).isEqualTo(16);
            assertThat(held.stream().mapToInt(set -> set.firstText(set.rows())).sum())
                    .isEqualTo(48);
            assertThat(data.training().firstText(80)).isEqualTo(240);
        }
    }
}
