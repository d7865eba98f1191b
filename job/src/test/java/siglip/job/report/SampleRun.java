package siglip.job.report;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.ComparisonResult;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.Original;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.Place;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.Gallery;
import siglip.job.evaluation.PairedDifference;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.figures.RunFigures;
import siglip.job.losses.LossSpec;
import siglip.job.optimizer.TensorStep;
import siglip.job.stability.PairFigure;
import siglip.job.stage.PhaseSeconds;
import siglip.job.stage.RankStep;
import siglip.job.training.StepRecord;
import siglip.kernels.Loss;

/** Builds results of runs that never were, noisy and with a spike, to see what the report makes of them. */
public final class SampleRun {
    public static final long SEED = Long.getLong("test.seed", 1);

    /** How far the spike stands out. */
    public static final double SPIKE = 60;

    private static final int BATCH = 256;

    private final List<String> names = new ArrayList<>(List.of("siglip", "clip"));
    private final Map<Integer, Integer> diverged = new LinkedHashMap<>();
    private String name = "emoji-sample";
    private String out = "out";
    private int steps = 720;
    private int ranks = 2;
    private int evaluations = 12;
    private int warmup;
    private boolean concepts = true;
    private Optional<Gallery> gallery = Optional.empty();
    private double times = 1;
    private String clipNorm = "null";
    private double clipScale = 1;
    private int constantFrom;
    private int constantTo;
    private OptionalDouble recall = OptionalDouble.empty();
    private String classColumn = "group";
    private Optional<Best> best = Optional.empty();
    private List<String> incidents = List.of();
    private Map<String, String> data = facts();

    private record Best(HeldOut set, long step, double r1) {}

    public SampleRun arms(String... armNames) {
        names.clear();
        names.addAll(List.of(armNames));
        return this;
    }

    SampleRun name(String runName) {
        name = runName;
        return this;
    }

    public SampleRun out(String folder) {
        out = folder;
        return this;
    }

    public SampleRun steps(int count) {
        steps = count;
        return this;
    }

    public SampleRun warmup(int count) {
        warmup = count;
        return this;
    }

    SampleRun ranks(int count) {
        ranks = count;
        return this;
    }

    public SampleRun evaluations(int count) {
        evaluations = count;
        return this;
    }

    /** The arm's last record is of this step and not a number. */
    public SampleRun diverging(int arm, int step) {
        diverged.put(arm, step);
        return this;
    }

    public SampleRun incidents(String... texts) {
        incidents = List.of(texts);
        return this;
    }

    /** From one step to before another, the loss of each arm is that of the best constant predictor. */
    public SampleRun constant(int from, int to) {
        constantFrom = from;
        constantTo = to;
        return this;
    }

    /** At all evaluations R@1 is this, for the whole run. */
    public SampleRun recall(double r1) {
        recall = OptionalDouble.of(r1);
        return this;
    }

    /** Gradients are clipped to this norm, and the norms of the second arm are so many times as large. */
    SampleRun clipNorm(double norm, double secondArm) {
        clipNorm = String.valueOf(norm);
        clipScale = secondArm;
        return this;
    }

    /** Pairs name no concept, and none is left out. */
    public SampleRun withoutConcepts() {
        concepts = false;
        return this;
    }

    /** Losses and times are so many times as large, gradient norms as small. */
    SampleRun times(double factor) {
        times = factor;
        return this;
    }

    /**
     * All arms find the same, the right one second, for an image and for a caption.
     *
     * @param picture of all rows
     * @param captions of each row
     */
    SampleRun gallery(byte[] picture, String... captions) {
        List<Gallery.Query> queries = new ArrayList<>();
        Map<Place, Original> originals = new LinkedHashMap<>();
        for (Direction direction : Direction.values()) {
            Map<String, List<Gallery.Found>> found = new LinkedHashMap<>();
            names.forEach(arm -> found.put(
                    arm,
                    IntStream.range(0, 5)
                            .mapToObj(i -> new Gallery.Found(item(i), i == 1))
                            .toList()));
            queries.add(new Gallery.Query(direction, Gallery.Outcome.NONE_RIGHT, item(1), found));
        }
        for (int i = 0; i < 5; i++) {
            originals.put(new Place("file:/a/pairs.parquet", i), new Original(picture, List.of(captions)));
        }
        gallery = Optional.of(new Gallery(HeldOut.SEEN, queries, originals));
        return this;
    }

    private static Gallery.Item item(int row) {
        return new Gallery.Item(new Place("file:/a/pairs.parquet", row), 0);
    }

    SampleRun classColumn(String column) {
        classColumn = column;
        return this;
    }

    /** At this step, a set was searched with this R@1 from images to captions. */
    SampleRun best(HeldOut set, long step, double r1) {
        best = Optional.of(new Best(set, step, r1));
        return this;
    }

    SampleRun data(Map<String, String> dataFacts) {
        data = dataFacts;
        return this;
    }

    /** The step at which the gradient of each arm spikes. */
    public int spikeStep() {
        return steps * 2 / 3;
    }

    public RunFigures figures() {
        return RunFigures.of(build());
    }

    static RunView view(ComparisonResult result) {
        return RunView.of(RunFigures.of(result));
    }

    /** What a terminal shows. */
    public String table() {
        return SummaryTable.of(figures());
    }

    public ComparisonResult build() {
        SplittableRandom random = new SplittableRandom(SEED);
        Settings settings = settings();
        List<ArmResult> arms = new ArrayList<>();
        for (int arm = 0; arm < names.size(); arm++) {
            arms.add(arm(settings, arm, random));
        }
        Map<HeldOut, RetrievalScore> nearest = new EnumMap<>(HeldOut.class);
        if (concepts) {
            nearest.put(HeldOut.SEEN, RetrievalScore.of(1437, 0.412, 0.634, 0.711));
        }
        return new ComparisonResult(
                settings,
                "siglip {\n  training {\n    # global batch, N pairs\n    batch-size = 256\n    steps = " + steps
                        + "\n  }\n}\n",
                Instant.parse("2026-03-01T10:15:30Z"),
                Duration.ofMillis(61_250),
                arms,
                arms.stream()
                        .flatMap(arm -> arm.steps().stream())
                        .sorted(Comparator.comparingLong(StepRecord::step))
                        .toList(),
                data,
                environment(),
                numerics(),
                nearest,
                gallery,
                incidents);
    }

    Settings settings() {
        String arms = IntStream.range(0, names.size())
                .mapToObj(arm -> "{name = %s, loss = %s, initial-scale = 10}"
                        .formatted(names.get(arm), kind(arm).id()))
                .collect(Collectors.joining(", "));
        List<String> assignments = List.of(
                "run.name=" + name,
                "run.out=" + out,
                "run.seed=7",
                "run.ranks=" + ranks,
                "training.batch-size=" + BATCH,
                "training.steps=" + steps,
                "training.warmup-steps=" + warmup,
                "data.columns.concept=" + (concepts ? "concept" : "null"),
                "data.left-out-every=" + (concepts ? 10 : 0),
                "training.clip-norm=" + clipNorm,
                "loss.arms=[" + arms + "]");
        return SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()))
                .settings();
    }

    private static Loss kind(int arm) {
        return arm % 2 == 0 ? Loss.SIGMOID : Loss.SOFTMAX;
    }

    private ArmResult arm(Settings settings, int index, SplittableRandom random) {
        LossSettings.Arm arm = settings.loss().arms().get(index);
        boolean sigmoid = arm.loss() == Loss.SIGMOID;
        int end = diverged.getOrDefault(index, steps - 1);
        List<StepRecord> records = new ArrayList<>();
        for (int step = 0; step <= end && step < steps; step++) {
            boolean broken = diverged.containsKey(index) && step == end;
            records.add(step(arm, index, step, broken, random));
        }
        List<Evaluation> scores = new ArrayList<>();
        for (int e = 1; e <= evaluations; e++) {
            long at = (long) steps * e / evaluations;
            if (at <= end + 1) {
                scores.add(evaluation(arm, index, at, concepts ? HeldOut.SEEN : HeldOut.UNSORTED, 1437, random));
                if (concepts) {
                    scores.add(evaluation(arm, index, at, HeldOut.UNSEEN, 160, random));
                }
            }
        }
        return new ArmResult(
                arm,
                LossSpec.shownStarts(arm, BATCH),
                records,
                scores,
                diverged.containsKey(index)
                        ? Optional.of("the loss of step %d is NaN".formatted(end))
                        : Optional.empty(),
                sigmoid ? 19_400_000 : 21_700_000,
                4L * (ranks - 1) * (BATCH / ranks) * 256 * 4);
    }

    private StepRecord step(LossSettings.Arm arm, int index, int step, boolean broken, SplittableRandom random) {
        boolean sigmoid = arm.loss() == Loss.SIGMOID;
        double share = (double) step / steps;
        double noise = 1 + 0.06 * random.nextGaussian();
        double learned = 1 - Math.exp(-5 * share);
        double constant = LossSpec.of(arm.form())
                .constantLoss(BATCH, BATCH, (long) BATCH * (BATCH - 1))
                .orElseThrow();
        double loss = step >= constantFrom && step < constantTo
                ? constant / times
                : (sigmoid ? 6.2 - 4.9 * learned : 5.6 - 4.1 * learned) * noise;
        double norm = (sigmoid ? 1.9 : 1.1) * (0.4 + Math.exp(-4 * share)) * Math.exp(0.15 * random.nextGaussian());
        norm *= index == 1 ? clipScale : 1;
        norm *= step == spikeStep() ? SPIKE : 1;
        double scale = 10 + (sigmoid ? 9 : 24) * learned;
        double bias = sigmoid ? -Math.log(BATCH - 1) - 2.1 * learned : 0;
        double positive = scale * (0.1 + 0.5 * learned) + bias;
        List<RankStep> ranksOf = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            double jitter = times + 0.1 * random.nextDouble();
            int place = rank + 1;
            PhaseSeconds seconds = PhaseSeconds.of(phase -> jitter
                    * switch (phase) {
                        case BATCH -> index == 0 ? 0.0012 : 0;
                        case FORWARD -> 0.0071;
                        case LOSS -> sigmoid ? 0.0032 : 0.0041;
                        case BACKWARD -> 0.0124;
                        case HOPS -> 0.0011 * place;
                        case REDUCE -> 0.0021;
                        case DRIVER -> 0.0052;
                        case UPDATE -> 0.0012;
                    });
            ranksOf.add(new RankStep(rank, seconds, 2L * (ranks - 1) * (BATCH / ranks) * 256 * 4, 5_250_000));
        }
        double[] slopes = {0.01 * random.nextGaussian(), 0.01 * random.nextGaussian()};
        double slow = random.nextInt(50) == 0 ? 3 : 1;
        return new StepRecord(
                arm.name(),
                step,
                1,
                broken ? Double.NaN : times * loss,
                constant,
                broken ? Double.POSITIVE_INFINITY : norm / times,
                broken ? Double.POSITIVE_INFINITY : 0.9 * norm / times,
                sigmoid ? Map.of("scale", scale, "bias", bias) : Map.of("scale", scale),
                arm.loss().named(Arrays.copyOf(slopes, arm.loss().scalars().size())),
                1e-3 * (1 - share),
                false,
                positive,
                positive - 3 - random.nextDouble(),
                positive + 3 + random.nextDouble(),
                -scale * 0.05 + bias,
                (0.034 + (step < 5 ? 0.2 : 0)) * slow * times,
                0.0052,
                step % 10 == 0
                        ? List.of(
                                new TensorStep("image.1.weights", 0.8 * norm, 20, 0.02, 1.1),
                                new TensorStep("table", 0.1 * norm, 40, 0.01, 2.4))
                        : List.of(),
                ranksOf);
    }

    private Evaluation evaluation(
            LossSettings.Arm arm, int index, long step, HeldOut set, int queries, SplittableRandom random) {
        double top = set == HeldOut.UNSEEN ? 0.2 : 0.385;
        double r1 = top * (1 - Math.exp(-step / 150.0)) + 0.004 * random.nextGaussian() + 0.006 * index;
        r1 = recall.orElse(r1);
        RetrievalScore there = best.filter(each -> each.set() == set && each.step() == step)
                .map(each -> RetrievalScore.of(queries, each.r1(), each.r1(), each.r1()))
                .orElse(RetrievalScore.of(queries, r1, Math.min(1, r1 * 1.65), Math.min(1, r1 * 1.95)));
        RetrievalScore back = RetrievalScore.of(queries, r1 * 0.96, Math.min(1, r1 * 1.6), Math.min(1, r1 * 1.9));
        Map<String, Double> classes = new LinkedHashMap<>();
        classes.put(classColumn, 0.4 + r1 / 2);
        classes.put("subgroup", 0.15 + r1 / 2);
        List<PairedDifference> differences = names.subList(0, index).stream()
                .flatMap(other -> Stream.of(Direction.values())
                        .map(direction -> new PairedDifference(other, direction, 0.006, 0.011)))
                .toList();
        return new Evaluation(arm.name(), step, set, there, back, classes, pairs(0.9), pairs(0.4), differences);
    }

    private static Map<PairFigure, Double> pairs(double value) {
        Map<PairFigure, Double> figures = new EnumMap<>(PairFigure.class);
        for (PairFigure figure : PairFigure.values()) {
            figures.put(figure, value);
        }
        return figures;
    }

    private static Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("path", "data/emoji");
        facts.put("rows kept", "4,430");
        facts.put("rows skipped", "2 (1 image could not be decoded, 1 empty caption)");
        facts.put("training pairs", "2,821");
        facts.put("held out, seen", "1,437");
        facts.put("held out, unseen", "160");
        facts.put("fingerprint", "9f7c13d2a6b94e0f8c1d52f3a7be6140");
        return facts;
    }

    private static Map<String, String> environment() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("processor", "Example Processor 2.0 GHz");
        facts.put("cores", "2");
        facts.put("Java", "17.0.13");
        facts.put("Spark", "3.5.9");
        facts.put("master", "local[2]");
        facts.put("heap", "2 GiB");
        return facts;
    }

    private static Map<String, String> numerics() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("products", "onednn 3.11 avx512_core_amx");
        facts.put("precision", "fp32");
        facts.put("elementwise", "vector-512");
        facts.put("tile", "512");
        return facts;
    }
}
