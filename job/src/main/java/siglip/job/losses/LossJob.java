package siglip.job.losses;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.CollectionAccumulator;
import siglip.job.batches.EncodedPair;
import siglip.job.config.RingSettings;
import siglip.job.data.EmbeddingPairs;
import siglip.job.features.PairShape;
import siglip.job.files.Release;
import siglip.job.formats.DataException;
import siglip.job.order.Slices;
import siglip.job.ring.DriverNode;
import siglip.job.ring.RankNode;
import siglip.job.ring.Rendezvous;
import siglip.job.ring.TextBlock;
import siglip.job.stage.Attempt;
import siglip.job.stage.BarrierStage;
import siglip.job.stage.Fingerprint;
import siglip.job.stage.Lanes;
import siglip.job.stage.RecoveryClock;
import siglip.job.stage.StepClock;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.Numerics;
import siglip.kernels.blas.Matrix;

/** The loss of given embeddings, by the same ring and kernels as in training: one global batch, no towers, no update. */
public final class LossJob {
    private LossJob() {}

    /**
     * Computes what is asked for, and writes the gradients where they are.
     *
     * @param cores that each rank computes on
     *
     * @throws DataException if the input holds no usable embeddings, or fewer rows than ranks
     */
    public static LossResult run(
            SparkSession session, LossRequest request, RingSettings ring, Numerics numerics, int cores) {
        EmbeddingPairs pairs = EmbeddingPairs.open(
                session, request.format(), request.input(), request.imageColumn(), request.textColumn());
        if (pairs.rows() < request.ranks()) {
            throw new DataException("Cannot compute the loss of %d rows on %d ranks: each rank needs a row"
                    .formatted(pairs.rows(), request.ranks()));
        }
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        Slices rows = new Slices(pairs.rows(), request.ranks());
        CollectionAccumulator<RankResult> sums = session.sparkContext().collectionAccumulator("sums of ranks");
        JavaRDD<byte[]> feed = pairs.slices(rows);
        List<JavaRDD<Row>> stage = new ArrayList<>();
        Attempt.run(
                spark,
                new Attempt.Request(request.ranks(), cores, ring, "loss", "loss of " + request.input()),
                new RecoveryClock(),
                () -> {},
                meeting -> {
                    RankTask task = new RankTask(
                            meeting,
                            rows,
                            pairs.width(),
                            request.form(),
                            request.scalars(),
                            request.gradients().isPresent(),
                            numerics,
                            cores,
                            sums);
                    stage.add(BarrierStage.of(feed, cores, task, Row.class).persist(StorageLevel.MEMORY_AND_DISK()));
                    return stage.get(0).countAsync();
                },
                Fingerprint::common,
                DriverNode::assemble);
        try {
            request.gradients().ifPresent(folder -> write(session, stage.get(0), folder));
        } finally {
            Release.rows(stage.get(0));
        }
        return total(request.scalars().loss(), sums.value(), (double) rows.total());
    }

    /**
     * What one rank has computed.
     *
     * @param solved by the name of what people are shown
     * @param scalarGradients in the order of the loss's scalars
     * @param imageSquares squares of its gradient of the images, added up
     * @param textSquares the same of the texts
     */
    private record RankResult(
            int rank,
            double loss,
            Map<String, Double> solved,
            double[] scalarGradients,
            double imageSquares,
            double textSquares)
            implements Serializable {}

    /** Adds up in rank order, whatever order the tasks ended in. */
    private static LossResult total(Loss loss, List<RankResult> ranks, double pairs) {
        double sum = 0;
        Map<String, Double> solved = new TreeMap<>();
        double[] gradients = new double[loss.scalars().size()];
        double imageSquares = 0;
        double textSquares = 0;
        List<RankResult> inOrder =
                ranks.stream().sorted(Comparator.comparingInt(RankResult::rank)).toList();
        for (RankResult rank : inOrder) {
            sum += rank.loss;
            rank.solved.forEach((scalar, value) -> solved.merge(scalar, value, Double::sum));
            Arrays.setAll(gradients, i -> gradients[i] + rank.scalarGradients[i]);
            imageSquares += rank.imageSquares;
            textSquares += rank.textSquares;
        }
        Arrays.setAll(gradients, i -> gradients[i] / pairs);
        return new LossResult(
                sum / pairs,
                solved,
                loss.named(gradients),
                Math.sqrt(imageSquares) / pairs,
                Math.sqrt(textSquares) / pairs);
    }

    private static void write(SparkSession session, JavaRDD<Row> gradients, String folder) {
        StructType schema = new StructType()
                .add("row", DataTypes.LongType, false)
                .add("image_gradient", DataTypes.createArrayType(DataTypes.FloatType, false), false)
                .add("text_gradient", DataTypes.createArrayType(DataTypes.FloatType, false), false);
        session.createDataFrame(gradients, schema).write().parquet(folder);
    }

    /** One rank: its rows in, their gradients out. */
    private record RankTask(
            Rendezvous meeting,
            Slices rows,
            int width,
            LossForm form,
            LossScalars scalars,
            boolean returnsGradients,
            Numerics numerics,
            int cores,
            CollectionAccumulator<RankResult> sums)
            implements BarrierStage.Body<byte[], Row> {
        @Override
        public List<Row> run(BarrierTaskContext task, Iterator<byte[]> feed) {
            int rank = task.partitionId();
            int n = rows.size(rank);
            Matrix images = Matrix.allocate(n, width);
            TextBlock texts = new TextBlock(n, width).shape(n);
            texts.writeConceptIds(
                    IntStream.range(rows.start(rank), rows.start(rank) + n).toArray());
            Matrix imageGradient = Matrix.allocate(n, width);
            Matrix textGradient = Matrix.allocate(n, width);
            LossSums result = new LossSums();
            BarrierStage.inRing(
                    task,
                    meeting,
                    numerics,
                    Set.of(),
                    cores,
                    () -> read(feed, images, texts.embeddings()),
                    (node, lanes) -> exchange(node, lanes)
                            .run(new LossStep(
                                    0,
                                    0,
                                    0,
                                    images,
                                    texts,
                                    scalars,
                                    imageGradient,
                                    textGradient,
                                    result,
                                    new StepClock()))
                            .run());
            sums.add(new RankResult(
                    rank,
                    result.loss,
                    solved(result),
                    result.gradients(scalars.loss()),
                    squares(imageGradient),
                    squares(textGradient)));
            return gradients(rank, imageGradient, textGradient);
        }

        private void read(Iterator<byte[]> feed, Matrix images, Matrix texts) {
            float[] image = new float[width];
            float[] text = new float[width];
            for (int i = 0; i < images.rows(); i++) {
                new EncodedPair(feed.next()).unpack(new PairShape(width, width), image, 0, text, 0);
                images.write(i * width, image, 0, width);
                texts.write(i * width, text, 0, width);
            }
        }

        private Map<String, Double> solved(LossSums result) {
            Map<String, Double> solved = new TreeMap<>();
            scalars.loss().scalars().stream()
                    .filter(scalars.loss()::solves)
                    .forEach(scalar -> solved.put(scalar.shownName(), scalar.shown(result.solved(scalar))));
            return solved;
        }

        private LossExchange exchange(RankNode node, Lanes lanes) {
            return LossSpec.of(form)
                    .exchange(new LossExchange.Blocks(form, node, rows, width, DuplicatePolicy.IGNORE, lanes));
        }

        private List<Row> gradients(int rank, Matrix images, Matrix texts) {
            if (!returnsGradients) {
                return List.of();
            }
            List<Row> written = new ArrayList<>();
            for (int i = 0; i < images.rows(); i++) {
                written.add(RowFactory.create(rows.start(rank) + (long) i, mean(images, i), mean(texts, i)));
            }
            return written;
        }

        private Float[] mean(Matrix sums, int row) {
            float[] values = sums.rows(row, 1).toArray();
            double pairs = rows.total();
            Float[] means = new Float[values.length];
            Arrays.setAll(means, k -> (float) (values[k] / pairs));
            return means;
        }

        private static double squares(Matrix matrix) {
            double sum = 0;
            for (float value : matrix.toArray()) {
                sum += (double) value * value;
            }
            return sum;
        }
    }
}
