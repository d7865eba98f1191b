package siglip.job.towers;

import java.io.Serializable;

/**
 * One layer of a chain of dense layers. Its parameters are {@code out x in} weights, row-major, then {@code out} biases: DL4J keeps
 * the transpose column by column, which is the same order.
 *
 * @param in floats of an input row
 * @param out floats of an output row
 * @param bias whether it adds a bias
 * @param activation applied last
 */
public record DenseShape(int in, int out, boolean bias, Nonlinearity activation) implements Serializable {
    public int weights() {
        return Math.multiplyExact(in, out);
    }

    public int parameters() {
        return Math.addExact(weights(), bias ? out : 0);
    }
}
