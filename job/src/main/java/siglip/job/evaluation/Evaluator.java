package siglip.job.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import siglip.job.batches.PackedPairs;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.TrainingSample;
import siglip.job.evaluation.Gallery.Item;
import siglip.job.evaluation.Retrieval.Search;
import siglip.job.files.Release;
import siglip.job.model.Centre;
import siglip.job.stability.PairFigure;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;

/**
 * Evaluates arms on the held-out sets, on the cluster: embeds images and captions through DL4J Spark, searches either side with the other, and names the
 * class of each image. Features are sent to the executors once, parameters at each evaluation. For use between segments of training.
 */
public final class Evaluator implements AutoCloseable {
    /** Training rows whose means centre the embeddings for class prototypes, at most. */
    public static final int CENTRING_ROWS = 2000;

    private final JavaSparkContext spark;
    private final ModelSpec spec;
    private final Embedder embedder;
    private final List<HeldOutSet> sets = new ArrayList<>();
    private final RowFeatures rows;
    private final Set<String> centredArms;
    private final int centringImages; // of the training sample, at the end
    private final int centringTexts;
    private final List<PairSample> samples = new ArrayList<>(); // of each set, and of training
    private final Broadcast<float[][]> imageRows;
    private final Broadcast<float[][]> textRows; // features; no blocks when texts are tokens

    /**
     * @param heldOut rows by their set; sets without rows give no evaluation
     * @param training on whose means class prototypes are centred, and the embeddings of some arms
     * @param centredArms names of the arms that trained on centred embeddings: theirs are so compared as well
     */
    public Evaluator(
            JavaSparkContext spark,
            ModelSpec spec,
            Map<HeldOut, EvaluationRows> heldOut,
            TrainingSample training,
            Set<String> centredArms) {
        this.spark = spark;
        this.spec = spec;
        this.centredArms = Set.copyOf(centredArms);
        embedder = new Embedder(spark);
        rows = new RowFeatures(spec.shape().imageWidth());
        new TreeMap<>(heldOut).forEach((set, chosen) -> {
            if (chosen.size() > 0) {
                sets.add(new HeldOutSet(set, chosen));
            }
        });
        int heldOutImages = 0;
        int heldOutTexts = 0;
        for (HeldOutSet set : sets) {
            samples.add(PairSample.of(set, heldOutImages, heldOutTexts));
            heldOutImages += set.images().length;
            heldOutTexts += set.texts().length;
            rows.addImages(set.pairs(), set.images());
            rows.addTexts(set.pairs(), set.texts());
        }
        samples.add(PairSample.of(training, heldOutImages, heldOutTexts));
        PackedPairs pairs = training.pairs();
        int[] texts = IntStream.of(training.rows())
                .flatMap(row -> IntStream.range(pairs.firstText(row), pairs.firstText(row + 1)))
                .toArray();
        rows.addImages(pairs, training.rows());
        rows.addTexts(pairs, texts);
        centringImages = training.rows().length;
        centringTexts = texts.length;
        imageRows = broadcast(rows.images(), spec.shape().imageWidth());
        textRows = broadcast(rows.texts(), spec.shape().textWidth());
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
            EmbeddedSide images = slice(images(arm, parameters), 0, set.imageConcepts());
            EmbeddedSide texts = slice(texts(arm, parameters), 0, set.textConcepts());
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

    /**
     * Evaluates arms on each set that has rows, one after the other, and compares each with those before it.
     *
     * @param arms by their names, each asked for when it is its turn
     * @param told of each evaluation as soon as it is made
     */
    public void evaluate(Map<String, Supplier<EvaluatedArm>> arms, long step, Consumer<Evaluation> told) {
        Map<String, List<Hits>> before = new LinkedHashMap<>();
        arms.forEach((name, arm) -> before.put(name, evaluate(arm.get(), name, step, before, told)));
    }

    /** @return what the searches of each set found, images as queries first */
    private List<Hits> evaluate(
            EvaluatedArm arm, String name, long step, Map<String, List<Hits>> before, Consumer<Evaluation> told) {
        EmbeddedSide allImages = images(name, arm.parameters());
        EmbeddedSide allTexts = texts(name, arm.parameters());
        List<Map<PairFigure, Double>> pairs = samples.parallelStream()
                .map(sample -> sample.figures(allImages, allTexts, arm))
                .toList();
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
        List<Hits> hits = Retrieval.run(spark, searches);
        for (int s = 0; s < sets.size(); s++) {
            int first = 2 * s;
            List<PairedDifference> differences = new ArrayList<>();
            before.forEach((other, found) -> {
                for (Direction direction : Direction.values()) {
                    int search = first + direction.ordinal();
                    differences.add(PairedDifference.of(other, direction, hits.get(search), found.get(search)));
                }
            });
            told.accept(new Evaluation(
                    name,
                    step,
                    sets.get(s).set(),
                    hits.get(first).score(),
                    hits.get(first + 1).score(),
                    classes(
                            sets.get(s),
                            ownImages.get(s),
                            ownTexts.get(s),
                            centre(allImages, centringImages),
                            centre(allTexts, centringTexts)),
                    pairs.get(s),
                    pairs.get(sets.size()),
                    differences));
        }
        return hits;
    }

    /** What to take from the embeddings of an arm that trained on centred ones: the means of those of the training sample. Empty of any other arm. */
    public Optional<Centre> centre(String arm, Parameters parameters) {
        return centredArms.contains(arm)
                ? Optional.of(new Centre(
                        listed(centre(embedImages(parameters), centringImages)),
                        listed(centre(embedTexts(parameters), centringTexts))))
                : Optional.empty();
    }

    private static List<Double> listed(double[] values) {
        return DoubleStream.of(values).boxed().toList();
    }

    private EmbeddedSide images(String arm, Parameters parameters) {
        EmbeddedSide all = embedImages(parameters);
        return centredArms.contains(arm) ? all.centred(centre(all, centringImages)) : all;
    }

    private EmbeddedSide texts(String arm, Parameters parameters) {
        EmbeddedSide all = embedTexts(parameters);
        return centredArms.contains(arm) ? all.centred(centre(all, centringTexts)) : all;
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
            Release.broadcast(sent);
        }
    }

    private static EmbeddedSide slice(EmbeddedSide all, int from, int[][] concepts) {
        int width = all.width();
        return new EmbeddedSide(
                Arrays.copyOfRange(all.rows(), from * width, (from + concepts.length) * width), concepts, width);
    }

    /** Mean of the rows at the end. */
    private static double[] centre(EmbeddedSide all, int count) {
        int last = all.rows().length / all.width();
        return ClassAccuracy.mean(slice(all, last - count, new int[count][]));
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
        Release.broadcast(imageRows);
        Release.broadcast(textRows);
    }
}
