package siglip.job.optimizer;

/**
 * What AdamW remembers of an arm's gradients. The arrays are the snapshot's own and shared by those who hold it: nobody writes to them.
 *
 * @param updates how many have been applied
 * @param denseMean decaying mean of the towers' gradient, P floats
 * @param denseSquare decaying mean of its square, P floats
 * @param tableMean the same of the table, row by row
 * @param tableSquare the same of the table's squares
 * @param scalarMean of t' and b
 * @param scalarSquare of t' and b
 */
public record OptimizerSnapshot(
        long updates,
        float[] denseMean,
        float[] denseSquare,
        float[] tableMean,
        float[] tableSquare,
        double[] scalarMean,
        double[] scalarSquare) {}
