package siglip.job.towers;

import java.nio.FloatBuffer;
import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.MatrixProducts.Into;
import siglip.kernels.blas.Operand;

/**
 * A dense layer as three matrix products, in memory allocated once. With {@code W} an {@code out x in} matrix,
 *
 * <pre>{@code
 * forward   Z = X W' + b, A = f(Z)
 * backward  dZ = dA * f'(Z), dW = dZ' X, db = sum of the rows of dZ, dX = dZ W
 * }</pre>
 *
 * <p>X, W and dZ are made ready for products once, X and W by the forward pass for the backward pass as well.
 *
 * <p><b>Accuracy.</b> Each product and each sum of a bias' gradient is off by at most {@code k u / (1 - k u)} times the sum of its absolute
 * terms, for k terms and u = 2^-24, in whatever order they are added; activations as {@link Nonlinearity} says. Products in bf16 read X, W
 * and dZ rounded, each element by at most v = 2^-8 of it, so a product is off by at most {@code 2 v + v v} times that sum more; parameters,
 * activations, biases and their gradients, and the gradients themselves stay {@code float}.
 */
final class DenseRun implements LayerRun {
    private final Dense layer;
    private final Nonlinearity activation;
    private final MatrixProducts products;
    private final Scratch scratch;
    private final Matrix sums; // Z; the same memory as A where the derivative does not need it
    private final Matrix outputs; // A
    private Operand input; // X
    private Operand weights;
    private final float[] zRow;
    private final float[] aRow;
    private final float[] dRow;
    private final float[] bias;

    DenseRun(Dense layer, MatrixProducts products, int capacity, Scratch scratch) {
        this.layer = layer;
        this.products = products;
        this.scratch = scratch;
        activation = layer.activation();
        outputs = Matrix.allocate(capacity, layer.out());
        sums = activation.needsInput() ? Matrix.allocate(capacity, layer.out()) : outputs;
        input = products.room(capacity, layer.in());
        weights = products.room(layer.out(), layer.in());
        zRow = new float[layer.out()];
        aRow = new float[layer.out()];
        dRow = new float[layer.out()];
        bias = new float[layer.out()];
    }

    @Override
    public Matrix forward(Matrix parameters, Matrix x) {
        Matrix z = sums.rows(0, x.rows());
        Matrix a = outputs.rows(0, x.rows());
        input = products.prepare(x, input);
        weights = products.prepare(parameters.range(0, layer.out(), layer.in()), weights);
        products.timesTransposed(input, weights, z, Into.OVERWRITE);
        if (layer.bias()) {
            parameters.read(layer.weights(), bias, 0, bias.length);
        } else {
            Arrays.fill(bias, 0);
        }
        activate(z, a);
        return a;
    }

    @Override
    public void backward(Matrix dz, Matrix gradient, Matrix inputGradient) {
        deactivate(dz);
        if (layer.bias()) {
            gradient.write(layer.weights(), bias, 0, bias.length);
        }
        Operand delta = scratch.prepare(dz);
        products.transposedTimes(delta, input, gradient.range(0, layer.out(), layer.in()), Into.OVERWRITE);
        if (inputGradient.rows() > 0) {
            products.times(delta, weights, inputGradient, Into.OVERWRITE);
        }
    }

    /** Adds the bias to {@code z} and writes f of it to {@code a}; {@code z} is kept only where backward needs it. */
    private void activate(Matrix z, Matrix a) {
        int width = layer.out();
        FloatBuffer in = z.floats();
        FloatBuffer out = a.floats();
        for (int i = 0; i < z.rows(); i++) {
            in.get(i * width, zRow);
            add(zRow, bias);
            activation.apply(zRow, aRow, width);
            out.put(i * width, aRow);
            if (activation.needsInput()) {
                in.put(i * width, zRow);
            }
        }
    }

    /** Turns the gradient of the activations into that of the sums, and leaves the sum of its rows in {@code bias}. */
    private void deactivate(Matrix dz) {
        int width = layer.out();
        FloatBuffer d = dz.floats();
        FloatBuffer a = outputs.floats();
        FloatBuffer z = sums.floats();
        Arrays.fill(bias, 0);
        for (int i = 0; i < dz.rows(); i++) {
            d.get(i * width, dRow);
            if (activation != Nonlinearity.IDENTITY) {
                a.get(i * width, aRow);
                if (activation.needsInput()) {
                    z.get(i * width, zRow);
                }
                activation.backward(dRow, aRow, zRow, width);
                d.put(i * width, dRow);
            }
            add(bias, dRow);
        }
    }

    private static void add(float[] to, float[] from) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
        }
    }

    @Override
    public long bytes() {
        int floats = outputs.size() + (sums == outputs ? 0 : sums.size());
        return 4L * floats + input.roundedBytes() + weights.roundedBytes();
    }
}
