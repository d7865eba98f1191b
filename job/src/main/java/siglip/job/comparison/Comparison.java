package siglip.job.comparison;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import siglip.job.batches.BatchSource;
import siglip.job.checkpoint.History;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.config.DataSettings;
import siglip.job.config.Settings;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.Evaluator;
import siglip.job.evaluation.NearestNeighbour;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.losses.LossSpec;
import siglip.job.model.ModelFiles;
import siglip.job.model.SavedModel;
import siglip.job.runs.RunFolder;
import siglip.job.stage.Recovery;
import siglip.job.towers.ModelSpec;
import siglip.job.trackers.RunListener;
import siglip.job.training.ArmState;
import siglip.job.training.StepRecord;
import siglip.job.training.Trainer;
import siglip.job.training.TrainingListener;
import siglip.job.training.TrainingSnapshot;

/**
 * A run from start to end: reads the pairs, trains all arms in segments on the same batches, evaluates them between
 * segments, saves the models, and says what came of it.
 */
public final class Comparison {
    private final SparkSession session;
    private final JavaSparkContext spark;
    private final Settings settings;
    private final RunListener listener;
    private final UnaryOperator<BatchSource> sources;
    private final List<StepRecord> steps = new ArrayList<>();
    private final List<Evaluation> evaluations = new ArrayList<>();
    private final List<String> incidents = new ArrayList<>();
    private final Instant opened = Instant.now();
    private Optional<RunFolder> folder = Optional.empty();
    private Optional<Checkpoints> checkpoints = Optional.empty();
    private History before = History.begun(opened);

    private Comparison(
            SparkSession session, Settings settings, RunListener listener, UnaryOperator<BatchSource> sources) {
        this.session = session;
        this.spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        this.settings = settings;
        this.listener = listener;
        this.sources = sources;
    }

    /**
     * Runs the comparison that the settings describe.
     *
     * @param rendered the settings as text, for the report
     */
    public static ComparisonResult run(SparkSession session, Settings settings, String rendered, RunListener listener) {
        return run(session, settings, rendered, listener, UnaryOperator.identity());
    }

    /** The same with what {@code sources} makes of the source of batches. */
    static ComparisonResult run(
            SparkSession session,
            Settings settings,
            String rendered,
            RunListener listener,
            UnaryOperator<BatchSource> sources) {
        return new Comparison(session, settings, listener, sources).run(rendered);
    }

    /**
     * As {@link #run(SparkSession, Settings, String, RunListener)}, from where the run in a folder has come to, with checkpoints on the way.
     *
     * @throws siglip.job.config.SettingsException if the run in the folder was of other data
     * @throws siglip.job.runs.LeaseLostException if another driver takes the folder over
     */
    public static ComparisonResult run(
            SparkSession session, Settings settings, String rendered, RunFolder folder, RunListener listener) {
        Comparison comparison = new Comparison(session, settings, listener, UnaryOperator.identity());
        comparison.folder = Optional.of(folder);
        return comparison.run(rendered);
    }

    private ComparisonResult run(String rendered) {
        listener.phase("reading pairs from " + settings.data().path());
        spark.setJobGroup(
                settings.run().name() + "-data",
                "read pairs from " + settings.data().path());
        try (PairData data = PairData.open(
                        session, settings.data(), settings.towers().table().buckets());
                BatchSource source = sources.apply(data.source(
                        settings.training().batchSize(), settings.run().seed()))) {
            Configuration hadoop = session.sparkContext().hadoopConfiguration();
            ModelSpec model = ModelSpec.of(settings.towers(), data.shape(), hadoop);
            Trainer trainer = new Trainer(spark, settings, model, source, new Recorder());
            long first = start(trainer, data.summary().fingerprint());
            Map<String, EvaluationRows> sets = heldOut(data);
            Map<String, RetrievalScore> neighbours = nearestNeighbours(data, sets);
            try (Evaluator evaluator = evaluator(data, model, sets)) {
                train(trainer, evaluator, first);
            } finally {
                closeCheckpoints();
            }
            folder.ifPresent(held -> held.lease().ensureHeld());
            save(trainer, model, data, hadoop);
            return new ComparisonResult(
                    settings,
                    rendered,
                    before.started(),
                    spent(),
                    arms(trainer),
                    RunFacts.of(data.summary()),
                    RunFacts.environment(session),
                    trainer.numerics(),
                    neighbours,
                    List.copyOf(incidents));
        }
    }

    /** Takes over what the run in the folder has come to, if anything; the step to go on with. */
    private long start(Trainer trainer, String data) {
        if (folder.isEmpty()) {
            return 0;
        }
        incidents.addAll(folder.get().notes());
        Optional<StoredCheckpoint> from;
        try {
            from = folder.get().start(data);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start the run: " + e.getMessage(), e);
        }
        from.ifPresent(stored -> resume(trainer, stored));
        long first = from.map(StoredCheckpoint::step).orElse(0L);
        checkpoints = Optional.of(new Checkpoints(folder.get(), settings, first));
        return first;
    }

    private void resume(Trainer trainer, StoredCheckpoint from) {
        before = from.checkpoint().history();
        trainer.restore(from.checkpoint().training());
        steps.addAll(before.steps());
        evaluations.addAll(Checkpoints.evaluations(from));
        incidents.addAll(0, before.incidents());
        new Recorder()
                .incident("resumed at step %d from %s, which %d ranks computed"
                        .formatted(from.step(), from.path(), from.checkpoint().ranks()));
    }

    /** Time that drivers have spent on the run so far. */
    private Duration spent() {
        return before.spent().plus(Duration.between(opened, Instant.now()));
    }

    private void closeCheckpoints() {
        checkpoints.ifPresent(writing -> {
            writing.close();
            writing.failure().ifPresent(new Recorder()::incident);
        });
    }

    /** The held-out sets that have rows, by the names that reports use. */
    private Map<String, EvaluationRows> heldOut(PairData data) {
        int most = settings.evaluation().maxRows();
        Map<String, EvaluationRows> sets = new LinkedHashMap<>();
        sets.put("seen", data.heldOut(PairData.HeldOut.SEEN, most));
        sets.put("unseen", data.heldOut(PairData.HeldOut.UNSEEN, most));
        sets.values().removeIf(rows -> rows.size() == 0);
        return sets;
    }

    /** Whether the training pairs lie in the driver's memory, so that evaluation may use them. */
    private static boolean isReplicated(PairData data) {
        return data.summary().source() == DataSettings.Source.REPLICATED;
    }

    /** Of sets whose concepts training has: elsewhere no training image can be right. */
    private Map<String, RetrievalScore> nearestNeighbours(PairData data, Map<String, EvaluationRows> sets) {
        Map<String, RetrievalScore> scores = new LinkedHashMap<>();
        if (settings.evaluation().nearestNeighbour() && isReplicated(data)) {
            listener.phase("searching the raw features for nearest neighbours");
            sets.forEach((name, rows) -> {
                if (!name.equals("unseen") && data.summary().concepts() > 0) {
                    scores.put(name, NearestNeighbour.search(spark, data.training(), rows));
                }
            });
        }
        return scores;
    }

    private Evaluator evaluator(PairData data, ModelSpec model, Map<String, EvaluationRows> sets) {
        return isReplicated(data)
                ? new Evaluator(spark, model, sets, data.training())
                : new Evaluator(spark, model, sets);
    }

    /** Segments of training with an evaluation after each, and one before the first. */
    private void train(Trainer trainer, Evaluator evaluator, long first) {
        long last = settings.training().steps();
        long every = settings.evaluation().everySteps();
        boolean due = first % every == 0 || first == last;
        if (due && evaluations.stream().noneMatch(each -> each.step() == first)) {
            evaluate(trainer, evaluator, first);
        }
        for (long step = first; step < last; ) {
            step = Math.min(last, (step / every + 1) * every);
            listener.phase("training to step " + step);
            trainer.run(step);
            evaluate(trainer, evaluator, step);
        }
    }

    private void evaluate(Trainer trainer, Evaluator evaluator, long step) {
        for (ArmState arm : trainer.arms()) {
            if (arm.stopped().isEmpty()) {
                spark.setJobGroup(
                        "%s-evaluation-%d".formatted(settings.run().name(), step),
                        "evaluate %s after %d steps".formatted(arm.arm().name(), step));
                for (Evaluation each :
                        evaluator.evaluate(arm.parameters(), arm.arm().name(), step)) {
                    evaluations.add(each);
                    listener.evaluation(each);
                }
            }
        }
        spark.clearJobGroup();
    }

    private void save(Trainer trainer, ModelSpec model, PairData data, Configuration hadoop) {
        for (ArmState arm : trainer.arms()) {
            SavedModel saved = new SavedModel(model, arm.parameters(), arm.scalars(), data.scaling());
            Path folder =
                    new Path(settings.run().folder(), "models/" + arm.arm().name());
            try {
                ModelFiles.write(folder, hadoop, saved);
            } catch (IOException e) {
                throw new UncheckedIOException("Cannot save the model in " + folder + ": " + e.getMessage(), e);
            }
        }
    }

    private List<ArmResult> arms(Trainer trainer) {
        List<ArmResult> results = new ArrayList<>();
        for (ArmState arm : trainer.arms()) {
            String name = arm.arm().name();
            results.add(new ArmResult(
                    arm.arm(),
                    LossSpec.shownStarts(arm.arm(), settings.training().batchSize()),
                    steps.stream().filter(step -> step.arm().equals(name)).toList(),
                    evaluations.stream().filter(each -> each.arm().equals(name)).toList(),
                    arm.stopped(),
                    trainer.peakBytes(arm.index()),
                    openClipBytes(arm)));
        }
        return results;
    }

    /** What open_clip sends for the loss of one step, per rank. */
    private long openClipBytes(ArmState arm) {
        int ranks = settings.run().ranks();
        long block =
                4L * settings.training().batchSize() / ranks * settings.towers().width();
        return block * (ranks - 1) * LossSpec.of(arm.arm().loss()).openClipBlocks();
    }

    /** Keeps what the training tells, and passes it on. */
    private final class Recorder implements TrainingListener {
        @Override
        public void step(StepRecord step) {
            folder.ifPresent(held -> held.lease().ensureHeld());
            steps.add(step);
            listener.step(step);
        }

        @Override
        public void incident(String text) {
            incidents.add(text);
            listener.incident(text);
        }

        @Override
        public void recovered(Recovery recovery) {
            incidents.add(recovery.toString());
            listener.recovered(recovery);
        }

        @Override
        public boolean wantsSnapshot(long step) {
            checkpoints.flatMap(Checkpoints::failure).ifPresent(this::incident);
            return checkpoints.isPresent() && checkpoints.get().due(step);
        }

        @Override
        public void snapshot(TrainingSnapshot snapshot) {
            History told = new History(List.of(), incidents, Checkpoints.notes(evaluations), before.started(), spent());
            checkpoints.ifPresent(writing -> writing.write(snapshot, steps, told));
        }
    }
}
