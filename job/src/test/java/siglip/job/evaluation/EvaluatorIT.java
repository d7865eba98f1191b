package siglip.job.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.batches.Batch;
import siglip.job.batches.EncodedPair;
import siglip.job.batches.PackedPairs;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.EvaluationRows;
import siglip.job.data.Original;
import siglip.job.data.PairData;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.Place;
import siglip.job.data.TestData;
import siglip.job.data.TrainingSample;
import siglip.job.evaluation.Retrieval.Search;
import siglip.job.features.FeatureScaling;
import siglip.job.features.Pair;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.features.Texts;
import siglip.job.model.Centre;
import siglip.job.towers.BoundedRows;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.job.towers.ReferenceTowers;

/** Evaluation of the sample in the repository by the default settings, under Kryo, which a cluster may have set and which cannot write records. */
class EvaluatorIT {
    private static final long SEED = Long.getLong("test.seed", 1);

    private static SparkSession session;
    private static JavaSparkContext spark;
    private static PairData data;
    private static ModelSpec spec;
    private static EvaluationRows seen;
    private static EvaluationRows unseen;

    private final Random random = new Random(SEED);

    @BeforeAll
    static void open() {
        session = TestData.builder(2)
                .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
                .config("spark.kryo.registrator", "org.nd4j.kryo.Nd4jRegistrator")
                .getOrCreate();
        spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        Settings settings = settings("data.path=../data/emoji/pairs.parquet");
        data = PairData.open(session, settings.data(), settings.towers().table().buckets());
        spec = ModelSpec.of(settings.towers(), data.shape());
        seen = data.heldOut(HeldOut.SEEN);
        unseen = data.heldOut(HeldOut.UNSEEN);
    }

    @AfterAll
    static void close() {
        data.close();
        session.stop();
    }

    @Test
    void theGalleryIsAFunctionOfTheSeedAndItsRowsAreThere() {
        Map<String, Parameters> arms = Map.of("one", spec.initial(SEED), "other", spec.initial(SEED + 1));
        try (Evaluator evaluator = evaluator()) {
            Gallery gallery = evaluator.gallery(arms, 7).orElseThrow();

            assertThat(evaluator.gallery(arms, 7)).contains(gallery);
            assertThat(evaluator.gallery(arms, 8).orElseThrow().queries()).isNotEqualTo(gallery.queries());
            assertThat(gallery.set()).isEqualTo(HeldOut.SEEN);
            assertThat(gallery.queries())
                    .extracting(Gallery.Query::direction)
                    .contains(Direction.IMAGE_TO_TEXT, Direction.TEXT_TO_IMAGE);
            assertThat(gallery.queries())
                    .allSatisfy(query -> assertThat(query.found().values())
                            .allSatisfy(found -> assertThat(found).hasSize(5).doesNotHaveDuplicates()));
            Map<Place, Original> originals = data.originals(gallery.rows());
            assertThat(originals.keySet()).containsExactlyInAnyOrderElementsOf(gallery.rows());
            assertThat(originals.values()).allSatisfy(original -> {
                assertThat(original.captions()).hasSize(1).noneMatch(String::isBlank);
                assertThat(original.picture()).startsWith(0xFF, 0xD8).hasSizeLessThan(4000);
            });
        }
    }

    @Test
    void queriesAreSortedByWhetherTheFirstThatIsFoundIsRight() {
        float[] axes = {1, 0, 0, 1};
        EmbeddedSide queries = new EmbeddedSide(axes, new int[] {0, 1}, 2);
        GalleryQueries.Side right = new GalleryQueries.Side(queries, CandidateBlocks.of(queries));
        GalleryQueries.Side half = new GalleryQueries.Side(
                queries, CandidateBlocks.of(new EmbeddedSide(new float[] {1, 0, 1, 0}, new int[] {0, 1}, 2)));
        List<Gallery.Item> places =
                List.of(new Gallery.Item(new Place("a", 0), 0), new Gallery.Item(new Place("a", 0), 1));

        List<Gallery.Query> chosen = GalleryQueries.choose(
                Direction.IMAGE_TO_TEXT, Map.of("right", right, "half", half), places, places, SEED);

        assertThat(chosen)
                .extracting(Gallery.Query::outcome)
                .containsExactly(Gallery.Outcome.ALL_RIGHT, Gallery.Outcome.SOME_RIGHT);
        assertThat(chosen.get(1).item()).isEqualTo(places.get(1));
        assertThat(chosen.get(1).found().get("half"))
                .containsExactly(new Gallery.Found(places.get(0), false), new Gallery.Found(places.get(1), true));
    }

    /** As COCO and Flickr30k are judged. */
    @Test
    void anImageFindsAnyOfItsCaptionsAndEachCaptionIsAQuery() {
        PairShape shape = new PairShape(2, 2);
        float[] images = {1, 0, 0, 1};
        float[] texts = {0.6f, 0.8f, 1, 0, 0, 1, 0.8f, 0.6f};
        PackedPairs.Builder pairs = new PackedPairs.Builder(2, shape);
        for (int row = 0; row < 2; row++) {
            Pair pair = new Pair(
                    Arrays.copyOfRange(images, 2 * row, 2 * row + 2),
                    Texts.ofFeatures(List.of(
                            Arrays.copyOfRange(texts, 4 * row, 4 * row + 2),
                            Arrays.copyOfRange(texts, 4 * row + 2, 4 * row + 4))));
            int[] concepts = {2 * row, 2 * row + 1}; // captions are concepts
            pairs.add(EncodedPair.of(concepts, pair)
                    .with(row, concepts, shape, new PairScaling(FeatureScaling.NONE, FeatureScaling.NONE)));
        }
        List<Place> places = List.of(new Place("a", 3), new Place("a", 7));
        HeldOutSet set = new HeldOutSet(HeldOut.SEEN, new EvaluationRows(pairs.build(), places, Map.of()));
        EmbeddedSide imageSide = new EmbeddedSide(images, set.imageConcepts(), 2);
        EmbeddedSide textSide = new EmbeddedSide(texts, set.textConcepts(), 2);

        List<RetrievalScore> scores =
                Retrieval.run(spark, List.of(new Search(imageSide, textSide), new Search(textSide, imageSide))).stream()
                        .map(Hits::score)
                        .toList();

        assertThat(scores.get(0)).isEqualTo(RetrievalScore.of(2, Map.of(2, 2), 1, 1, 1));
        assertThat(scores.get(1)).isEqualTo(RetrievalScore.of(4, Map.of(1, 4), 0.5, 1, 1));
        assertThat(set.textItems())
                .containsExactly(
                        new Gallery.Item(places.get(0), 0),
                        new Gallery.Item(places.get(0), 1),
                        new Gallery.Item(places.get(1), 0),
                        new Gallery.Item(places.get(1), 1));
    }

    private static Settings settings(String... assignments) {
        return SettingsLoader.load(new SettingsSources(List.of(assignments), Map.of(), Map.of(), Optional.empty()))
                .settings();
    }

    private static Evaluator evaluator() {
        return new Evaluator(
                spark,
                spec,
                Map.of(HeldOut.SEEN, seen, HeldOut.UNSEEN, unseen),
                data.trainingSample(2000, SEED),
                Set.of("centred"));
    }

    private static List<Evaluation> evaluate(Evaluator evaluator, Parameters parameters, String arm, long step) {
        List<Evaluation> evaluations = new ArrayList<>();
        evaluator.evaluate(Map.of(arm, () -> new EvaluatedArm(parameters, 10, -5, 256)), step, evaluations::add);
        return evaluations;
    }

    private static Evaluation of(List<Evaluation> evaluations, HeldOut set) {
        return evaluations.stream()
                .filter(evaluation -> evaluation.set() == set)
                .findFirst()
                .orElseThrow();
    }

    /** Within the oracle's bounds, which training keeps too; the rows looked at lie in the first, a middle and the last block. */
    @Test
    void theClusterEmbedsAsTrainingDoes() {
        Parameters parameters = spec.initial(SEED);
        int n = 1024 + 37;
        int[] all = IntStream.range(0, n).toArray();
        RowFeatures rows = new RowFeatures(spec.shape().imageWidth());
        rows.addImages(seen.pairs(), all);
        rows.addTexts(seen.pairs(), all);
        float[] sums = spec.textInputs(parameters, rows.bags()).toArray();
        int table = spec.layout().tableWidth();

        Embedder embedder = new Embedder(spark);
        Broadcast<float[][]> imageRows = spark.broadcast(Embedder.blocks(rows.images(), n, 976));
        Broadcast<float[][]> textRows = spark.broadcast(Embedder.blocks(sums, n, table));
        float[] images = embedder.embed(spec.imageGraph(parameters), imageRows, 976, spec.width());
        float[] texts = embedder.embed(spec.textGraph(parameters), textRows, table, spec.width());

        int[] looked = {0, 1, 511, 512, 800, 1023, 1024, n - 1};
        Batch batch = new Batch(spec.shape(), looked.length);
        batch.start(looked.length);
        for (int i = 0; i < looked.length; i++) {
            batch.images().write(i * 976, rows.images(), looked[i] * 976, 976);
            seen.pairs().addTokens(looked[i], false, batch.tokens());
        }
        ReferenceTowers expected = ReferenceTowers.embed(spec, parameters, batch);
        assertThat(images).hasSize(n * spec.width());
        assertThat(texts).hasSize(n * spec.width());
        for (int i = 0; i < looked.length; i++) {
            check(images, looked[i], expected.images(), i);
            check(texts, looked[i], expected.texts(), i);
        }
    }

    private static void check(float[] actual, int row, BoundedRows expected, int at) {
        for (int k = 0; k < spec.width(); k++) {
            assertThat((double) actual[row * spec.width() + k])
                    .as("row %d, %d", row, k)
                    .isCloseTo(expected.value()[at][k], within(expected.error()[at][k]));
        }
    }

    @Test
    void aCollapsedModelScoresByChanceAlone() {
        Parameters zeros = Parameters.allocate(spec.layout());
        try (Evaluator evaluator = evaluator()) {
            List<Evaluation> evaluations = evaluate(evaluator, zeros, "sigmoid", 7);

            assertThat(evaluations).hasSize(2);
            for (Evaluation evaluation : evaluations) {
                EvaluationRows rows = evaluation.set() == HeldOut.SEEN ? seen : unseen;
                assertThat(evaluation.arm()).isEqualTo("sigmoid");
                assertThat(evaluation.step()).isEqualTo(7);
                for (RetrievalScore score : List.of(evaluation.imageToText(), evaluation.textToImage())) {
                    assertThat(score.queries()).isEqualTo(rows.size());
                    assertThat(score.get(RetrievalMetric.R1)).isCloseTo(1.0 / rows.size(), within(1e-12));
                    assertThat(score.get(RetrievalMetric.R10)).isCloseTo(10.0 / rows.size(), within(1e-12));
                }
                long groups = rows.classes().get("group").stream().distinct().count();
                assertThat(evaluation.classAccuracy()).containsOnlyKeys("group", "subgroup");
                assertThat(evaluation.classAccuracy().get("group")).isCloseTo(1.0 / groups, within(1e-12));
            }
        }
    }

    @Test
    void aModelThatIsNotANumberScoresNothing() {
        Parameters parameters = spec.initial(SEED);
        for (int i = 0; i < parameters.dense().size(); i++) {
            parameters.dense().floats().put(i, Float.NaN);
        }
        try (Evaluator evaluator = evaluator()) {
            Evaluation evaluation = of(evaluate(evaluator, parameters, "softmax", 0), HeldOut.SEEN);

            assertThat(evaluation.imageToText()).isEqualTo(RetrievalScore.of(seen.size(), 0, 0, 0));
            assertThat(evaluation.textToImage()).isEqualTo(RetrievalScore.of(seen.size(), 0, 0, 0));
            assertThat(evaluation.classAccuracy()).containsEntry("group", 0.0);
        }
    }

    /** The means are a function of the parameters and of the training rows, so a run that is resumed has the same. */
    @Test
    void anArmThatTrainedOnCentredEmbeddingsIsComparedWithoutTheMeansOfTrainingRows() {
        Parameters parameters = spec.initial(SEED);
        Map<String, Supplier<EvaluatedArm>> arms = new LinkedHashMap<>();
        arms.put("plain", () -> new EvaluatedArm(parameters, 10, -5, 256));
        arms.put("centred", () -> new EvaluatedArm(parameters, 10, -5, 256));
        List<Evaluation> evaluations = new ArrayList<>();
        try (Evaluator evaluator = evaluator()) {
            evaluator.evaluate(arms, 0, evaluations::add);
            Centre centre = evaluator.centre("centred", parameters).orElseThrow();

            assertThat(centre.image()).hasSize(spec.width());
            assertThat(centre.text()).hasSize(spec.width()).isNotEqualTo(centre.image());
            assertThat(evaluator.centre("centred", parameters)).contains(centre);
            assertThat(evaluator.centre("plain", parameters)).isEmpty();
        }
        assertThat(evaluations.stream()
                        .filter(each -> each.set() == HeldOut.SEEN)
                        .map(each -> each.score(Direction.IMAGE_TO_TEXT))
                        .distinct())
                .hasSize(2);
    }

    @Test
    void centredRowsHaveLengthOneAndARowThatIsTheMeanHasNone() {
        EmbeddedSide side = new EmbeddedSide(new float[] {4, 6, 1, 2}, new int[] {0, 1}, 2);

        assertThat(side.centred(new double[] {1, 2}).rows()).containsExactly(0.6f, 0.8f, 0, 0);
    }

    /** Errors of differences come from the same queries: an arm differs from itself by nothing, and by no error. */
    @Test
    void armsAreComparedQueryByQuery() {
        Parameters parameters = spec.initial(SEED);
        Map<String, Supplier<EvaluatedArm>> arms = new LinkedHashMap<>();
        arms.put("first", () -> new EvaluatedArm(parameters, 10, -5, 256));
        arms.put("same", () -> new EvaluatedArm(parameters, 10, -5, 256));
        arms.put("other", () -> new EvaluatedArm(spec.initial(SEED + 1), 10, Double.NaN, 256));
        List<Evaluation> evaluations = new ArrayList<>();
        try (Evaluator evaluator = evaluator()) {
            evaluator.evaluate(arms, 0, evaluations::add);
        }
        Map<String, Evaluation> seenBy = evaluations.stream()
                .filter(evaluation -> evaluation.set() == HeldOut.SEEN)
                .collect(Collectors.toMap(Evaluation::arm, evaluation -> evaluation));

        assertThat(seenBy.get("first").differences()).isEmpty();
        for (Direction direction : Direction.values()) {
            PairedDifference same = seenBy.get("same").from("first", direction).orElseThrow();
            assertThat(same.difference()).isZero();
            assertThat(same.standardError()).isZero();
            PairedDifference other =
                    seenBy.get("other").from("first", direction).orElseThrow();
            assertThat(other.difference())
                    .isCloseTo(
                            seenBy.get("other").score(direction).get(RetrievalMetric.R1)
                                    - seenBy.get("first").score(direction).get(RetrievalMetric.R1),
                            within(1e-12));
        }
    }

    /** Whoever feeds the batches, the same pairs are drawn, so figures do not depend on it. */
    @Test
    void theSampleOfTrainingPairsDoesNotDependOnTheSource() {
        TrainingSample replicated = data.trainingSample(50, SEED);
        try (PairData other = PairData.open(
                session,
                settings("data.path=../data/emoji/pairs.parquet", "data.source=shuffled")
                        .data(),
                16384)) {
            TrainingSample shuffled = other.trainingSample(50, SEED);

            assertThat(shuffled.rows()).hasSize(50);
            for (int i = 0; i < 50; i++) {
                assertThat(HeldOutSet.image(shuffled.pairs(), shuffled.rows()[i]))
                        .isEqualTo(
                                HeldOutSet.image(replicated.pairs(), replicated.rows()[i]));
            }
        }
        assertThat(data.trainingSample(50, SEED + 1).rows()).isNotEqualTo(replicated.rows());
    }

    /** Among 1,100 captions an untrained model finds one in 1,100 by chance: ten times the tenth nearest would be 9 %. */
    @Test
    void anUntrainedModelKnowsLittle() {
        try (Evaluator evaluator = evaluator()) {
            Evaluation evaluation = of(evaluate(evaluator, spec.initial(SEED), "sigmoid", 0), HeldOut.SEEN);

            assertThat(evaluation.imageToText().get(RetrievalMetric.R10)).isBetween(0.0, 0.09);
            assertThat(evaluation.imageToText().get(RetrievalMetric.R5))
                    .isLessThanOrEqualTo(evaluation.imageToText().get(RetrievalMetric.R10));
            assertThat(evaluation.imageToText().get(RetrievalMetric.R1))
                    .isLessThanOrEqualTo(evaluation.imageToText().get(RetrievalMetric.R5));
        }
    }

    /**
     * Concept a: two images, one caption. Concept b: one image in two rows, with a caption each. A model that knows nothing finds, with
     * images, chances of 1/3, 1/3 and 2/3; with captions 2/3, 1/3 and 1/3.
     */
    @Test
    void everyCaptionOfTheRightConceptIsRightAndRepeatsAreOneCandidate(@TempDir Path folder) {
        StructType schema = new StructType()
                .add("image", new ArrayType(DataTypes.FloatType, false))
                .add("text", new ArrayType(DataTypes.FloatType, false))
                .add("concept", "string")
                .add("part", "string");
        List<Row> rows = List.of(
                pair("a", 1, 1, "test"),
                pair("a", 2, 1, "test"),
                pair("b", 3, 2, "test"),
                pair("b", 3, 3, "test"),
                pair("a", 4, 4, "train"),
                pair("b", 5, 5, "train"));
        String path = folder.resolve("pairs").toString();
        session.createDataFrame(rows, schema).coalesce(1).write().parquet(path);
        Settings settings = settings(
                "data.path=" + path,
                "data.columns.text=text",
                "data.columns.keywords=null",
                "data.columns.classes=[]",
                "data.train=\"part = 'train'\"",
                "data.test=\"part = 'test'\"",
                "data.scaling.image=none", // two training rows say little of the spread
                "data.scaling.text=none",
                "data.left-out-every=0");
        try (PairData small = PairData.open(session, settings.data(), 16)) {
            ModelSpec model = ModelSpec.of(settings.towers(), small.shape());
            EvaluationRows heldOut = small.heldOut(HeldOut.SEEN);
            try (Evaluator evaluator = new Evaluator(
                    spark, model, Map.of(HeldOut.SEEN, heldOut), small.trainingSample(2000, SEED), Set.of())) {
                Evaluation evaluation = evaluate(evaluator, Parameters.allocate(model.layout()), "sigmoid", 0)
                        .get(0);

                assertThat(heldOut.size()).isEqualTo(4);
                assertThat(evaluation.classAccuracy()).isEmpty();
                for (RetrievalScore score : List.of(evaluation.imageToText(), evaluation.textToImage())) {
                    assertThat(score.queries()).isEqualTo(3);
                    assertThat(score.get(RetrievalMetric.R1)).isCloseTo(4.0 / 9, within(1e-12));
                    assertThat(score.get(RetrievalMetric.R5)).isEqualTo(1);
                }
            }
        }
    }

    private static Row pair(String concept, float image, float text, String part) {
        return RowFactory.create(List.of(image, 1f), List.of(text, 1f), concept, part);
    }

    @Test
    void retrievalOnTheClusterIsThatOfSortingEachRow() {
        int width = 5;
        EmbeddedSide queries = random(600, 70, width);
        EmbeddedSide candidates = random(300, 70, width);

        RetrievalScore score = Retrieval.run(
                        spark, List.of(new Search(random(9, 70, width), candidates), new Search(queries, candidates)))
                .get(1)
                .score();

        int[] found = new int[11];
        for (int q = 0; q < queries.count(); q++) {
            int query = q;
            List<Integer> nearest = IntStream.range(0, candidates.count())
                    .boxed()
                    .sorted((a, b) ->
                            Double.compare(dot(queries, query, candidates, b), dot(queries, query, candidates, a)))
                    .toList();
            int rank = IntStream.range(0, nearest.size())
                    .filter(i -> candidates.concepts()[nearest.get(i)][0] == queries.concepts()[query][0])
                    .findFirst()
                    .orElse(11);
            for (int k = rank; k < 11; k++) {
                found[k]++; // found within k + 1
            }
        }
        assertThat(score.queries()).isEqualTo(600);
        assertThat(score.get(RetrievalMetric.R1)).isCloseTo(found[0] / 600.0, within(1e-9));
        assertThat(score.get(RetrievalMetric.R5)).isCloseTo(found[4] / 600.0, within(1e-9));
        assertThat(score.get(RetrievalMetric.R10)).isCloseTo(found[9] / 600.0, within(1e-9));
    }

    private EmbeddedSide random(int count, int concepts, int width) {
        float[] rows = new float[count * width];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        return new EmbeddedSide(
                Embedder.unit(rows, width), random.ints(count, 0, concepts).toArray(), width);
    }

    private static double dot(EmbeddedSide a, int i, EmbeddedSide b, int j) {
        double sum = 0;
        for (int k = 0; k < a.width(); k++) {
            sum += (double) a.rows()[i * a.width() + k] * b.rows()[j * b.width() + k];
        }
        return sum;
    }

    @Test
    void theNearestTrainingImageNamesTheHeldOutOneUnlessItsConceptIsUnseen() {
        PackedPairs training = data.training();

        EvaluationRows some = data.heldOut(HeldOut.SEEN, 200, 1);
        RetrievalScore score = NearestNeighbour.search(spark, training, some);
        RetrievalScore strange = NearestNeighbour.search(spark, training, unseen);

        assertThat(strange).isEqualTo(RetrievalScore.of(unseen.size(), 0, 0, 0));
        // floats are off by 976 u at most on rows of length 1, u = 2^-24: what is closer than that, or than a tie, may
        // go either way
        double open = Hits.TIE + 2 * 976 * 0x1p-24;
        int surely = 0;
        int perhaps = 0;
        double[][] candidates = IntStream.range(0, training.rows())
                .mapToObj(row -> unit(HeldOutSet.image(training, row)))
                .toArray(double[][]::new);
        for (int q = 0; q < some.size(); q++) {
            double[] query = unit(HeldOutSet.image(some.pairs(), q));
            double right = Double.NEGATIVE_INFINITY;
            double wrong = Double.NEGATIVE_INFINITY;
            for (int row = 0; row < candidates.length; row++) {
                double similarity = 0;
                for (int k = 0; k < query.length; k++) {
                    similarity += query[k] * candidates[row][k];
                }
                if (training.conceptId(row) == some.pairs().conceptId(q)) {
                    right = Math.max(right, similarity);
                } else {
                    wrong = Math.max(wrong, similarity);
                }
            }
            surely += right > wrong + open ? 1 : 0;
            perhaps += right >= wrong - open ? 1 : 0;
        }
        assertThat(perhaps - surely).as("undecided").isLessThan(10);
        assertThat(score.get(RetrievalMetric.R1) * some.size()).isBetween(surely - 1e-9, perhaps + 1e-9);
        assertThat(score.get(RetrievalMetric.R10)).isGreaterThan(score.get(RetrievalMetric.R1));
    }

    private static double[] unit(float[] row) {
        double norm = Math.sqrt(IntStream.range(0, row.length)
                .mapToDouble(k -> (double) row[k] * row[k])
                .sum());
        return IntStream.range(0, row.length).mapToDouble(k -> row[k] / norm).toArray();
    }
}
