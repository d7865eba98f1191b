package siglip.job.comparison;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import siglip.job.config.DataSettings;
import siglip.job.config.Settings;
import siglip.job.data.BatchSource;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.Evaluator;
import siglip.job.evaluation.NearestNeighbour;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.towers.ModelFiles;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.SavedModel;
import siglip.job.training.ArmState;
import siglip.job.training.Recovery;
import siglip.job.training.StepRecord;
import siglip.job.training.Trainer;
import siglip.job.training.TrainingListener;

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

    private ComparisonResult run(String rendered) {
        Instant started = Instant.now();
        listener.phase("reading pairs from " + settings.data().path());
        try (PairData data = PairData.open(
                        session, settings.data(), settings.towers().table().buckets());
                BatchSource source = sources.apply(data.source(
                        settings.training().batchSize(), settings.run().seed()))) {
            Configuration hadoop = session.sparkContext().hadoopConfiguration();
            ModelSpec model = ModelSpec.of(settings.towers(), data.shape(), hadoop);
            Trainer trainer = new Trainer(spark, settings, model, source, new Recorder());
            Map<String, EvaluationRows> sets = heldOut(data);
            Map<String, RetrievalScore> neighbours = nearestNeighbours(data, sets);
            try (Evaluator evaluator = evaluator(data, model, sets)) {
                train(trainer, evaluator);
            }
            save(trainer, model, data, hadoop);
            return new ComparisonResult(
                    settings,
                    rendered,
                    started,
                    Duration.between(started, Instant.now()),
                    arms(trainer),
                    RunFacts.of(data.summary()),
                    RunFacts.environment(session),
                    trainer.numerics(),
                    neighbours,
                    List.copyOf(incidents));
        }
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
    private void train(Trainer trainer, Evaluator evaluator) {
        long last = settings.training().steps();
        evaluate(trainer, evaluator, 0);
        for (long step = 0; step < last; ) {
            step = Math.min(last, step + settings.evaluation().everySteps());
            listener.phase("training to step " + step);
            trainer.run(step);
            evaluate(trainer, evaluator, step);
        }
    }

    private void evaluate(Trainer trainer, Evaluator evaluator, long step) {
        for (ArmState arm : trainer.arms()) {
            if (arm.stopped().isEmpty()) {
                for (Evaluation each :
                        evaluator.evaluate(arm.parameters(), arm.arm().name(), step)) {
                    evaluations.add(each);
                    listener.evaluation(each);
                }
            }
        }
    }

    private void save(Trainer trainer, ModelSpec model, PairData data, Configuration hadoop) {
        for (ArmState arm : trainer.arms()) {
            SavedModel saved = new SavedModel(
                    model,
                    arm.parameters(),
                    arm.logits().logScale(),
                    arm.logits().bias(),
                    data.scaling());
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
                    trainer.initialBias(arm.arm()),
                    steps.stream().filter(step -> step.arm().equals(name)).toList(),
                    evaluations.stream().filter(each -> each.arm().equals(name)).toList(),
                    arm.stopped(),
                    trainer.peakBytes(arm.index()),
                    openClipBytes(arm)));
        }
        return results;
    }

    /**
     * What open_clip sends for the loss of one step, per rank: for the sigmoid it passes the texts round a ring and their
     * gradients back, 2 (D - 1) n d floats; for the softmax, in the form whose gradients are exact, it gathers both sides and
     * reduces the gradients of both, 4 (D - 1) n d.
     */
    private long openClipBytes(ArmState arm) {
        int ranks = settings.run().ranks();
        long block =
                4L * settings.training().batchSize() / ranks * settings.towers().width();
        return switch (arm.arm().kind()) {
            case SIGMOID -> 2L * (ranks - 1) * block;
            case SOFTMAX -> 4L * (ranks - 1) * block;
        };
    }

    /** Keeps what the training tells, and passes it on. */
    private final class Recorder implements TrainingListener {
        @Override
        public void step(StepRecord step) {
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
    }
}
