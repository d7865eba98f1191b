package siglip.job.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import siglip.job.batches.PackedPairs;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Gallery.Item;
import siglip.job.evaluation.Retrieval.Search;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;

/**
 * Evaluates arms on the held-out sets, on the cluster: embeds images and captions through DL4J Spark, searches either side with the other, and names the
 * class of each image. Features are sent to the executors once, parameters at each evaluation. For use between segments of training.
 */
public final class Evaluator implements AutoCloseable {
    private static final int CENTRING_ROWS = 2000;

    private final JavaSparkContext spark;
    private final ModelSpec spec;
    private final Embedder embedder;
    private final List<HeldOutSet> sets = new ArrayList<>();
    private final RowFeatures rows;
    private final int centringImages; // of training rows, at the end: their means centre the embeddings
    private final int centringTexts;
    private final Broadcast<float[][]> imageRows;
    private final Broadcast<float[][]> textRows; // features; no blocks when texts are tokens

    /**
     * Class prototypes are centred on the means of the held-out set itself.
     *
     * @param sets held-out rows by their set; sets without rows give no evaluation
     */
    public Evaluator(JavaSparkContext spark, ModelSpec spec, Map<HeldOut, EvaluationRows> sets) {
        this(spark, spec, sets, List.of());
    }

    /** Class prototypes are centred on the means of training rows, up to 2,000 of them, evenly spread. */
    public Evaluator(JavaSparkContext spark, ModelSpec spec, Map<HeldOut, EvaluationRows> sets, PackedPairs training) {
        this(spark, spec, sets, List.of(training));
    }

    private Evaluator(
            JavaSparkContext spark, ModelSpec spec, Map<HeldOut, EvaluationRows> heldOut, List<PackedPairs> training) {
        this.spark = spark;
        this.spec = spec;
        embedder = new Embedder(spark);
        rows = new RowFeatures(spec.shape().imageWidth());
        new TreeMap<>(heldOut).forEach((set, chosen) -> {
            if (chosen.size() > 0) {
                sets.add(new HeldOutSet(set, chosen));
            }
        });
        for (HeldOutSet set : sets) {
            rows.addImages(set.pairs(), set.images());
            rows.addTexts(set.pairs(), set.texts());
        }
        int centres = 0;
        int textCentres = 0;
        for (PackedPairs pairs : training) {
            int[] sample = spread(pairs.rows());
            rows.addImages(pairs, sample);
            int[] texts = IntStream.of(sample)
                    .flatMap(row -> IntStream.range(pairs.firstText(row), pairs.firstText(row + 1)))
                    .toArray();
            rows.addTexts(pairs, texts);
            centres += sample.length;
            textCentres += texts.length;
        }
        centringImages = centres;
        centringTexts = textCentres;
        imageRows = broadcast(rows.images(), spec.shape().imageWidth());
        textRows = broadcast(rows.texts(), spec.shape().textWidth());
    }

    private static int[] spread(int count) {
        int chosen = Math.min(CENTRING_ROWS, count);
        return IntStream.range(0, chosen)
                .map(i -> (int) ((long) i * count / chosen))
                .toArray();
    }

    private Broadcast<float[][]> broadcast(float[] values, int width) {
        return spark.broadcast(Embedder.blocks(values, width == 0 ? 0 : values.length / width, width));
    }

    /**
     * What arms find for a few queries of the first set; empty if no set has rows.
     *
     * @param arms parameters by the name of the arm
     * @param seed draws the order in which queries are tried
     */
    public Optional<Gallery> gallery(Map<String, Parameters> arms, long seed) {
        if (sets.isEmpty() || arms.isEmpty()) {
            return Optional.empty();
        }
        HeldOutSet set = sets.get(0);
        Map<String, GalleryQueries.Side> byImage = new LinkedHashMap<>();
        Map<String, GalleryQueries.Side> byText = new LinkedHashMap<>();
        arms.forEach((arm, parameters) -> {
            EmbeddedSide images = slice(embedImages(parameters), 0, set.imageConcepts());
            EmbeddedSide texts = slice(embedTexts(parameters), 0, set.textConcepts());
            byImage.put(arm, new GalleryQueries.Side(images, CandidateBlocks.of(texts)));
            byText.put(arm, new GalleryQueries.Side(texts, CandidateBlocks.of(images)));
        });
        List<Item> images = set.imageItems();
        List<Item> texts = set.textItems();
        List<Gallery.Query> queries = new ArrayList<>();
        queries.addAll(GalleryQueries.choose(Direction.IMAGE_TO_TEXT, byImage, images, texts, seed));
        queries.addAll(GalleryQueries.choose(Direction.TEXT_TO_IMAGE, byText, texts, images, seed));
        return Optional.of(Gallery.of(set.set(), List.copyOf(queries)));
    }

    /** Evaluates an arm on each set that has rows. */
    public List<Evaluation> evaluate(Parameters parameters, String arm, long step) {
        EmbeddedSide allImages = embedImages(parameters);
        EmbeddedSide allTexts = embedTexts(parameters);
        int image = 0;
        int text = 0;
        List<EmbeddedSide> ownImages = new ArrayList<>();
        List<EmbeddedSide> ownTexts = new ArrayList<>();
        List<Search> searches = new ArrayList<>();
        for (HeldOutSet set : sets) {
            EmbeddedSide images = slice(allImages, image, set.imageConcepts());
            EmbeddedSide texts = slice(allTexts, text, set.textConcepts());
            image += images.count();
            text += texts.count();
            ownImages.add(images);
            ownTexts.add(texts);
            searches.add(new Search(images, texts));
            searches.add(new Search(texts, images));
        }
        List<RetrievalScore> scores = Retrieval.run(spark, searches);
        List<Evaluation> evaluations = new ArrayList<>();
        for (int s = 0; s < sets.size(); s++) {
            EmbeddedSide images = ownImages.get(s);
            EmbeddedSide texts = ownTexts.get(s);
            evaluations.add(new Evaluation(
                    arm,
                    step,
                    sets.get(s).set(),
                    scores.get(2 * s),
                    scores.get(2 * s + 1),
                    classes(
                            sets.get(s),
                            images,
                            texts,
                            centre(allImages, images, centringImages),
                            centre(allTexts, texts, centringTexts))));
        }
        return List.copyOf(evaluations);
    }

    private EmbeddedSide embedImages(Parameters parameters) {
        int in = spec.shape().imageWidth();
        float[] rows = embedder.embed(spec.imageGraph(parameters), imageRows, in, spec.width());
        return new EmbeddedSide(rows, new int[0][], spec.width());
    }

    private EmbeddedSide embedTexts(Parameters parameters) {
        return new EmbeddedSide(textEmbeddings(parameters), new int[0][], spec.width());
    }

    private float[] textEmbeddings(Parameters parameters) {
        if (!spec.shape().textIsTokens()) {
            return embedder.embed(
                    spec.textGraph(parameters), textRows, spec.shape().textWidth(), spec.width());
        }
        int width = spec.layout().tableWidth();
        float[] sums = spec.textInputs(parameters, rows.bags()).toArray();
        Broadcast<float[][]> sent = broadcast(sums, width);
        try {
            return embedder.embed(spec.textGraph(parameters), sent, width, spec.width());
        } finally {
            sent.destroy();
        }
    }

    private static EmbeddedSide slice(EmbeddedSide all, int from, int[][] concepts) {
        int width = all.width();
        return new EmbeddedSide(
                Arrays.copyOfRange(all.rows(), from * width, (from + concepts.length) * width), concepts, width);
    }

    /** Mean of the training rows at the end, or of the set's own. */
    private static double[] centre(EmbeddedSide all, EmbeddedSide own, int centring) {
        int last = all.rows().length / all.width();
        return ClassAccuracy.mean(centring == 0 ? own : slice(all, last - centring, new int[centring][]));
    }

    private static Map<String, Double> classes(
            HeldOutSet set, EmbeddedSide images, EmbeddedSide texts, double[] imageMean, double[] textMean) {
        Map<String, Double> accuracy = new LinkedHashMap<>();
        for (String column : set.classColumns()) {
            ClassAccuracy.of(
                            images,
                            set.classes(column, set.images()),
                            imageMean,
                            texts,
                            set.classes(column, set.rowsOfTexts()),
                            textMean)
                    .ifPresent(share -> accuracy.put(column, share));
        }
        return Collections.unmodifiableMap(accuracy);
    }

    @Override
    public void close() {
        imageRows.destroy();
        textRows.destroy();
    }
}
