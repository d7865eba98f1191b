package siglip.job.evaluation;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import scala.Tuple2;
import siglip.job.towers.Nd4jBridge;

/**
 * Embeds rows on the cluster with DL4J Spark's SparkComputationGraph. RowFeatures travel as plain floats, in blocks; ND4J's arrays are made and read in the tasks, since
 * they travel badly. Blocks have a fixed size: the result does not depend on the number of executors.
 */
final class Embedder {
    private static final int BLOCK = 512;
    private static final double SMALLEST_NORM = 1e-12; // as in training: such a row has no direction

    private final JavaSparkContext spark;

    Embedder(JavaSparkContext spark) {
        this.spark = spark;
    }

    /** RowFeatures cut into blocks, to be broadcast. */
    static float[][] blocks(float[] rows, int count, int width) {
        float[][] blocks = new float[(count + BLOCK - 1) / BLOCK][];
        for (int b = 0; b < blocks.length; b++) {
            int size = Math.min(BLOCK, count - b * BLOCK);
            blocks[b] = new float[size * width];
            System.arraycopy(rows, b * BLOCK * width, blocks[b], 0, size * width);
        }
        return blocks;
    }

    /**
     * @param graph the tower, whose output is not normalised yet
     * @param blocks of {@link #blocks}, each of rows of {@code in} floats
     * @return the embeddings of all rows in order, {@code out} floats each, of length 1
     */
    float[] embed(ComputationGraph graph, Broadcast<float[][]> blocks, int in, int out) {
        int count = blocks.value().length;
        if (count == 0) {
            return new float[0];
        }
        JavaPairRDD<Integer, INDArray> features = spark.parallelize(
                        IntStream.range(0, count).boxed().toList(), Math.min(count, spark.defaultParallelism()))
                .mapToPair(b -> {
                    Nd4jBridge.useOneThread();
                    float[] rows = blocks.value()[b];
                    return new Tuple2<>(b, Nd4jBridge.array(rows, rows.length / in, in));
                });
        List<Tuple2<Integer, float[]>> found = trainingless(graph)
                .feedForwardWithKeySingle(features, BLOCK)
                .mapToPair(block -> new Tuple2<>(block._1(), unit(Nd4jBridge.read(block._2()), out)))
                .collect();
        int total = found.stream().mapToInt(block -> block._2().length).sum();
        float[] embeddings = new float[total];
        for (Tuple2<Integer, float[]> block : found) {
            System.arraycopy(block._2(), 0, embeddings, block._1() * BLOCK * out, block._2().length);
        }
        return embeddings;
    }

    /** For forward passes alone: DL4J takes no training master as null. */
    private SparkComputationGraph trainingless(ComputationGraph graph) {
        return new SparkComputationGraph(spark, graph, null);
    }

    /** Scales each row to length 1, in place. */
    static float[] unit(float[] rows, int width) {
        for (int at = 0; at < rows.length; at += width) {
            double squares = 0;
            for (int k = at; k < at + width; k++) {
                squares += (double) rows[k] * rows[k];
            }
            double norm = Math.sqrt(squares);
            for (int k = at; k < at + width; k++) {
                rows[k] = norm <= SMALLEST_NORM ? 0 : (float) (rows[k] / norm);
            }
        }
        return rows;
    }
}
