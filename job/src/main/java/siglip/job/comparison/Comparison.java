package siglip.job.comparison;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import siglip.job.batches.BatchSource;
import siglip.job.checkpoint.History;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.config.DataSettings;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.data.DataSummary;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.EvaluatedArm;
import siglip.job.evaluation.Evaluator;
import siglip.job.evaluation.Gallery;
import siglip.job.evaluation.NearestNeighbour;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.files.FileSystems;
import siglip.job.formats.DataException;
import siglip.job.losses.LossSpec;
import siglip.job.model.ModelFiles;
import siglip.job.model.SavedModel;
import siglip.job.model.TowerStarts;
import siglip.job.planning.RunLimits;
import siglip.job.runs.RunFolder;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.job.training.ArmState;
import siglip.job.training.Trainer;
import siglip.kernels.LogitParams;
import siglip.kernels.Loss;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;

/**
 * A run from start to end: reads the pairs, trains all arms in segments on the same batches, evaluates them between
 * segments, saves the models, and says what came of it.
 */
public final class Comparison {
    private static final double LONG_EVALUATION = 30; // seconds, of all arms

    private final SparkSession session;
    private final JavaSparkContext spark;
    private final Settings settings;
    private final Optional<RunFolder> folder;
    private final RunListener listener;
    private final UnaryOperator<BatchSource> sources;
    private final Instant opened = Instant.now();

    /**
     * @param folder where the run keeps checkpoints and goes on from them, if it does
     * @param sources what to make of the source of batches
     */
    Comparison(
            SparkSession session,
            Settings settings,
            Optional<RunFolder> folder,
            RunListener listener,
            UnaryOperator<BatchSource> sources) {
        this.session = session;
        this.spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        this.settings = settings;
        this.folder = folder;
        this.listener = listener;
        this.sources = sources;
    }

    /**
     * Runs the comparison that the settings describe, from where the run in a folder has come to, with checkpoints on the way.
     *
     * @param rendered the settings as text, for the report
     * @throws siglip.job.config.SettingsException if the run in the folder was of other data
     * @throws siglip.job.runs.LeaseLostException if another driver takes the folder over
     */
    public static ComparisonResult run(
            SparkSession session, Settings settings, String rendered, RunFolder folder, RunListener listener) {
        return new Comparison(session, settings, Optional.of(folder), listener, UnaryOperator.identity()).run(rendered);
    }

    /** The same from the first step, without checkpoints. */
    public static ComparisonResult run(SparkSession session, Settings settings, String rendered, RunListener listener) {
        return new Comparison(session, settings, Optional.empty(), listener, UnaryOperator.identity()).run(rendered);
    }

    /** What a run leaves beside its report, by the names in its folder: the files of its models, and what it measured. */
    public static List<String> results(Settings settings) {
        Stream<String> models = settings.loss().arms().stream().flatMap(arm -> Stream.concat(
                        ModelFiles.NAMES.stream(), isCentred(arm) ? Stream.of(ModelFiles.CENTRE) : Stream.empty())
                .map(file -> "%s/%s".formatted(model(arm.name()), file)));
        return Stream.concat(models, Stream.of(RunMeasurement.FOLDER + "/")).toList();
    }

    private static boolean isCentred(LossSettings.Arm arm) {
        return arm.form().has(LossOption.CENTRED);
    }

    private static String model(String arm) {
        return "models/" + arm;
    }

    ComparisonResult run(String rendered) {
        listener.phase("reading pairs from " + settings.data().path());
        spark.setJobGroup(
                settings.run().name() + "-data",
                "read pairs from " + settings.data().path());
        Configuration hadoop = session.sparkContext().hadoopConfiguration();
        TowerStarts starts = TowerStarts.read(settings.loss().arms(), hadoop);
        try (PairData data = PairData.open(
                        session, settings.data(), settings.towers().table().buckets(), starts.scaling());
                BatchSource source = sources.apply(data.source(
                        settings.training().batchSize(),
                        settings.training().textsPerImage(),
                        settings.run().seed()))) {
            data.summary().remarks().forEach((what, which) -> listener.phase(what + ": " + which));
            ModelSpec model = ModelSpec.of(settings.towers(), data.shape(), hadoop);
            starts.check(model, data.features());
            RunLimits.check(settings, model, Runtime.getRuntime().maxMemory());
            Optional<StoredCheckpoint> from = checkpoint(data.summary().fingerprint());
            long first = from.map(StoredCheckpoint::step).orElse(0L);
            RunLog log =
                    from.map(stored -> stored.take(held -> log(first, from))).orElseGet(() -> log(first, from));
            log.begin();
            Trainer trainer = new Trainer(spark, settings, model, source, log, starts::of);
            from.ifPresent(stored -> resume(trainer, stored, log));
            Optional<String> duplicates = SharedConceptsNote.of(settings, data);
            duplicates.ifPresent(log::phase);
            Map<HeldOut, EvaluationRows> sets = heldOut(data, log);
            Map<HeldOut, RetrievalScore> neighbours = nearestNeighbours(data, sets, log);
            Optional<Gallery> gallery;
            try (log;
                    Evaluator evaluator = evaluator(data, model, sets)) {
                train(trainer, evaluator, new RunMeasurement(spark, settings, model, data), first, log);
                gallery = gallery(trainer, evaluator, data, log);
                save(trainer, evaluator, model, data, hadoop);
            }
            return new ComparisonResult(
                    settings,
                    rendered,
                    log.started(),
                    log.spent(),
                    arms(trainer, log, data.summary()),
                    List.copyOf(log.steps()),
                    RunFacts.of(data.summary(), duplicates),
                    RunFacts.environment(session),
                    trainer.numerics(),
                    neighbours,
                    gallery,
                    List.copyOf(log.incidents()));
        }
    }

    /** What the run in the folder has come to, if anything. */
    private Optional<StoredCheckpoint> checkpoint(String data) {
        try {
            return folder.isPresent() ? folder.get().start(data) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start the run: " + e.getMessage(), e);
        }
    }

    private RunLog log(long first, Optional<StoredCheckpoint> from) {
        History before = from.map(stored -> stored.checkpoint().history()).orElseGet(() -> History.begun(opened));
        if (folder.isEmpty()) {
            return new RunLog(listener, settings, opened, before);
        }
        RunFolder kept = folder.get();
        return new Checkpoints(kept, settings, first, listener, opened, before.with(kept.notes()));
    }

    private static void resume(Trainer trainer, StoredCheckpoint from, RunLog log) {
        from.take(held -> {
            trainer.restore(held.training());
            return held;
        });
        log.incident("resumed at step %d from %s, which %d ranks computed"
                .formatted(from.step(), from.path(), from.checkpoint().ranks()));
    }

    /** The held-out sets that have rows. */
    private Map<HeldOut, EvaluationRows> heldOut(PairData data, RunLog log) {
        Map<HeldOut, EvaluationRows> sets = new EnumMap<>(HeldOut.class);
        for (HeldOut set : data.summary().heldOut().keySet()) {
            sets.put(
                    set,
                    data.heldOut(
                            set, settings.evaluation().maxRows(), settings.run().seed()));
        }
        if (sets.isEmpty()) {
            log.incident(
                    "nothing is held out, so the arms are not evaluated: set data.test-share, or data.test to rows that there are");
        }
        return sets;
    }

    /** Whether the training pairs lie in the driver's memory, so that evaluation may use them. */
    private static boolean isReplicated(PairData data) {
        return data.summary().source() == DataSettings.Source.REPLICATED;
    }

    /** Of the rows whose concepts training has: elsewhere no training image can be right. */
    private Map<HeldOut, RetrievalScore> nearestNeighbours(
            PairData data, Map<HeldOut, EvaluationRows> sets, RunLog log) {
        if (!settings.evaluation().nearestNeighbour() || !isReplicated(data) || !sets.containsKey(HeldOut.SEEN)) {
            return Map.of();
        }
        log.phase("searching the raw features for nearest neighbours");
        return Map.of(HeldOut.SEEN, NearestNeighbour.search(spark, data.training(), sets.get(HeldOut.SEEN)));
    }

    private Evaluator evaluator(PairData data, ModelSpec model, Map<HeldOut, EvaluationRows> sets) {
        return new Evaluator(
                spark,
                model,
                sets,
                data.trainingSample(Evaluator.CENTRING_ROWS, settings.run().seed()),
                settings.loss().arms().stream()
                        .filter(Comparison::isCentred)
                        .map(LossSettings.Arm::name)
                        .collect(Collectors.toSet()));
    }

    /** Segments of training with an evaluation after each, and one before the first. */
    private void train(Trainer trainer, Evaluator evaluator, RunMeasurement measurement, long first, RunLog log) {
        long last = settings.training().steps();
        long every = settings.evaluation().everySteps();
        boolean due = first % every == 0 || first == last;
        if (due && log.evaluations().stream().noneMatch(each -> each.step() == first)) {
            long start = System.nanoTime();
            evaluate(trainer, evaluator, first, log);
            stillToCome((System.nanoTime() - start) * 1e-9, (last + every - 1) / every - first / every)
                    .ifPresent(log::phase);
        }
        if (due && first == 0) {
            measurement.at(first, trainer, log);
        } else if (due) {
            measurement.missing(first, trainer, log);
        }
        for (long step = first; step < last; ) {
            step = Math.min(last, (step / every + 1) * every);
            log.phase("training to step " + step);
            trainer.run(step);
            evaluate(trainer, evaluator, step, log);
            measurement.at(step, trainer, log);
        }
    }

    /** What evaluations are going to take, where the first has shown that it is long: the time goes with the square of the rows. */
    static Optional<String> stillToCome(double seconds, long more) {
        double minutes = seconds * more / 60;
        return seconds < LONG_EVALUATION || more == 0
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "an evaluation takes %.0f s, and %d more take about %.0f min: fewer evaluation.max-rows take less, and so does a longer evaluation.every-steps",
                        seconds,
                        more,
                        minutes));
    }

    private void evaluate(Trainer trainer, Evaluator evaluator, long step, RunLog log) {
        Map<String, Supplier<EvaluatedArm>> arms = new LinkedHashMap<>();
        for (ArmState arm : trainer.arms()) {
            if (arm.stopped().isEmpty()) {
                arms.put(arm.arm().name(), () -> {
                    spark.setJobGroup(
                            "%s-evaluation-%d".formatted(settings.run().name(), step),
                            "evaluate %s after %d steps".formatted(arm.arm().name(), step));
                    LogitParams logits = arm.scalars().logits();
                    Loss loss = arm.arm().loss();
                    boolean biased = loss.has(LossScalar.BIAS) || loss.has(LossScalar.RELATIVE_BIAS);
                    return new EvaluatedArm(
                            arm.parameters(),
                            Math.exp(logits.logScale()),
                            biased ? logits.bias() : Double.NaN,
                            settings.training().batchSize());
                });
            }
        }
        evaluator.evaluate(arms, step, log::evaluation);
        spark.clearJobGroup();
    }

    /** Of the arms that were not stopped. Without it a run is as good: what its reading meets is an incident. */
    private Optional<Gallery> gallery(Trainer trainer, Evaluator evaluator, PairData data, RunLog log) {
        Map<String, Parameters> arms = new LinkedHashMap<>();
        for (ArmState arm : trainer.arms()) {
            if (arm.stopped().isEmpty()) {
                arms.put(arm.arm().name(), arm.parameters());
            }
        }
        try {
            return evaluator
                    .gallery(arms, settings.run().seed())
                    .map(gallery -> gallery.with(data.originals(gallery.rows())));
        } catch (DataException e) {
            log.incident("the report has no gallery: " + e.getMessage());
            return Optional.empty();
        }
    }

    private void save(Trainer trainer, Evaluator evaluator, ModelSpec model, PairData data, Configuration hadoop) {
        for (ArmState arm : trainer.arms()) {
            Parameters parameters = arm.parameters();
            SavedModel saved = new SavedModel(
                    model,
                    parameters,
                    arm.scalars(),
                    data.features(),
                    data.scaling(),
                    evaluator.centre(arm.arm().name(), parameters));
            String folder = settings.run().folder() + "/" + model(arm.arm().name());
            try {
                ModelFiles.write(FileSystems.path(folder), hadoop, saved);
            } catch (IOException e) {
                throw new UncheckedIOException("Cannot save the model in " + folder + ": " + e.getMessage(), e);
            }
        }
    }

    private List<ArmResult> arms(Trainer trainer, RunLog log, DataSummary data) {
        List<ArmResult> results = new ArrayList<>();
        for (ArmState arm : trainer.arms()) {
            String name = arm.arm().name();
            results.add(new ArmResult(
                    arm.arm(),
                    LossSpec.shownStarts(arm.arm(), settings.training().batchSize()),
                    log.steps().stream().filter(step -> step.arm().equals(name)).toList(),
                    log.evaluations().stream()
                            .filter(each -> each.arm().equals(name))
                            .toList(),
                    arm.stopped().map(why -> why + cause(data)),
                    trainer.peakBytes(arm.index()),
                    openClipBytes(arm)));
        }
        return results;
    }

    /** What is known of the data that stops an arm, to go on with after the reason. */
    private static String cause(DataSummary data) {
        return data.tooLarge().values().stream().map(remark -> "; " + remark).collect(Collectors.joining());
    }

    /** What open_clip sends for the loss of one step, per rank. */
    private long openClipBytes(ArmState arm) {
        int ranks = settings.run().ranks();
        long block =
                4L * settings.training().batchSize() / ranks * settings.towers().width();
        return block * (ranks - 1) * LossSpec.of(arm.arm().form()).openClipBlocks();
    }
}
