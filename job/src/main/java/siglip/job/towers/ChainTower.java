package siglip.job.towers;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.MatrixProducts.Into;
import siglip.kernels.blas.Operand;

/**
 * The fast path: a chain of dense layers as three matrix products a layer, in memory allocated once. With {@code W} an {@code out x in} matrix,
 *
 * <pre>{@code
 * forward   Z = X W' + b, A = f(Z)
 * backward  dZ = dA * f'(Z), dW = dZ' X, db = sum of the rows of dZ, dX = dZ W
 * }</pre>
 *
 * The gradient of the first layer's input is computed only where it is needed.
 *
 * <p>X, W and dZ are made ready for products once, X and W by the forward pass for the backward pass as well.
 *
 * <p><b>Accuracy.</b> Each product and each sum of a bias' gradient is off by at most {@code k u / (1 - k u)} times the sum of its absolute
 * terms, for k terms and u = 2^-24, in whatever order they are added; activations as {@link Nonlinearity} says. Products in bf16 read X, W
 * and dZ rounded, each element by at most v = 2^-8 of it, so a product is off by at most {@code 2 v + v v} times that sum more; parameters,
 * activations, biases and their gradients, and the gradients themselves stay {@code float}.
 */
final class ChainTower implements Tower {
    private final MatrixProducts products;
    private final DenseShape[] layers;
    private final Matrix[] inputs; // of the activation; the same memory as its output where that is enough
    private final Matrix[] outputs;
    private final Matrix[] deltas = new Matrix[2]; // gradients between layers, in turns
    private final Matrix inputGradient;
    private final Operand[] layerInputs; // X of each layer
    private final Operand[] weights;
    private Operand delta;
    private final float[] zRow;
    private final float[] aRow;
    private final float[] dRow;
    private final float[] bias;
    private int rows;

    ChainTower(List<DenseShape> layers, MatrixProducts products, int capacity, InputGradient wanted) {
        this.products = products;
        this.layers = layers.toArray(new DenseShape[0]);
        inputs = new Matrix[this.layers.length];
        outputs = new Matrix[this.layers.length];
        int widest = 0;
        int widestInside = 0;
        for (int l = 0; l < this.layers.length; l++) {
            DenseShape layer = this.layers[l];
            outputs[l] = Matrix.allocate(capacity, layer.out());
            inputs[l] = layer.activation().needsInput() ? Matrix.allocate(capacity, layer.out()) : outputs[l];
            widest = Math.max(widest, layer.out());
            widestInside = l > 0 ? Math.max(widestInside, layer.in()) : widestInside;
        }
        deltas[0] = Matrix.allocate(capacity, this.layers.length > 1 ? widestInside : 0);
        deltas[1] = Matrix.allocate(capacity, this.layers.length > 2 ? widestInside : 0);
        inputGradient = Matrix.allocate(wanted == InputGradient.NEEDED ? capacity : 0, this.layers[0].in());
        layerInputs = new Operand[this.layers.length];
        weights = new Operand[this.layers.length];
        for (int l = 0; l < this.layers.length; l++) {
            layerInputs[l] = products.room(capacity, this.layers[l].in());
            weights[l] = products.room(this.layers[l].out(), this.layers[l].in());
        }
        delta = products.room(capacity, widest);
        zRow = new float[widest];
        aRow = new float[widest];
        dRow = new float[widest];
        bias = new float[widest];
    }

    @Override
    public Matrix forward(Matrix parameters, Matrix input) {
        rows = input.rows();
        if (rows == 0) {
            return outputs[outputs.length - 1].rows(0, 0);
        }
        Matrix x = input;
        int offset = 0;
        for (int l = 0; l < layers.length; l++) {
            DenseShape layer = layers[l];
            Matrix z = inputs[l].rows(0, rows);
            Matrix a = outputs[l].rows(0, rows);
            layerInputs[l] = products.prepare(x, layerInputs[l]);
            weights[l] = products.prepare(weights(parameters, offset, layer), weights[l]);
            products.timesTransposed(layerInputs[l], weights[l], z, Into.OVERWRITE);
            readBias(parameters, offset, layer);
            activate(layer, z, a);
            x = a;
            offset += layer.parameters();
        }
        return x;
    }

    @Override
    public void backward(Matrix parameters, Matrix input, Matrix outputGradient, Matrix gradient) {
        if (rows == 0) {
            gradient.clear();
            return;
        }
        Matrix dz = outputGradient;
        int offset = parameters.size();
        for (int l = layers.length - 1; l >= 0; l--) {
            DenseShape layer = layers[l];
            offset -= layer.parameters();
            deactivate(layer, l, dz);
            if (layer.bias()) {
                gradient.write(offset + layer.weights(), bias, 0, layer.out());
            }
            delta = products.prepare(dz, delta);
            products.transposedTimes(delta, layerInputs[l], weights(gradient, offset, layer), Into.OVERWRITE);
            if (l > 0 || inputGradient.rows() > 0) {
                Matrix below = l == 0 ? inputGradient.rows(0, rows) : deltas[(l - 1) & 1].range(0, rows, layer.in());
                products.times(delta, weights[l], below, Into.OVERWRITE);
                dz = below;
            }
        }
    }

    @Override
    public Matrix inputGradient() {
        return inputGradient.rows(0, rows);
    }

    private static Matrix weights(Matrix flat, int offset, DenseShape layer) {
        return flat.range(offset, layer.out(), layer.in());
    }

    private void readBias(Matrix parameters, int offset, DenseShape layer) {
        if (layer.bias()) {
            parameters.read(offset + layer.weights(), bias, 0, layer.out());
        } else {
            Arrays.fill(bias, 0, layer.out(), 0);
        }
    }

    /** Adds the bias to {@code z} and writes f of it to {@code a}; {@code z} is kept only where backward needs it. */
    private void activate(DenseShape layer, Matrix z, Matrix a) {
        int width = layer.out();
        FloatBuffer in = z.floats();
        FloatBuffer out = a.floats();
        for (int i = 0; i < rows; i++) {
            in.get(i * width, zRow, 0, width);
            add(zRow, bias, width);
            layer.activation().apply(zRow, aRow, width);
            out.put(i * width, aRow, 0, width);
            if (layer.activation().needsInput()) {
                in.put(i * width, zRow, 0, width);
            }
        }
    }

    /** Turns the gradient of a layer's activations into that of its sums, and leaves the sum of its rows in {@code bias}. */
    private void deactivate(DenseShape layer, int l, Matrix dz) {
        int width = layer.out();
        FloatBuffer d = dz.floats();
        FloatBuffer a = outputs[l].floats();
        FloatBuffer z = inputs[l].floats();
        Arrays.fill(bias, 0, width, 0);
        for (int i = 0; i < rows; i++) {
            d.get(i * width, dRow, 0, width);
            if (layer.activation() != Nonlinearity.IDENTITY) {
                a.get(i * width, aRow, 0, width);
                if (layer.activation().needsInput()) {
                    z.get(i * width, zRow, 0, width);
                }
                layer.activation().backward(dRow, aRow, zRow, width);
                d.put(i * width, dRow, 0, width);
            }
            add(bias, dRow, width);
        }
    }

    private static void add(float[] to, float[] from, int count) {
        for (int i = 0; i < count; i++) {
            to[i] += from[i];
        }
    }

    @Override
    public long bytes() {
        long floats = (long) deltas[0].size() + deltas[1].size() + inputGradient.size();
        for (int l = 0; l < layers.length; l++) {
            floats += outputs[l].size() + (inputs[l] == outputs[l] ? 0 : inputs[l].size());
        }
        long rounded = delta.roundedBytes();
        for (int l = 0; l < layers.length; l++) {
            rounded += layerInputs[l].roundedBytes() + weights[l].roundedBytes();
        }
        return 4 * floats + rounded;
    }

    @Override
    public void close() {}
}
