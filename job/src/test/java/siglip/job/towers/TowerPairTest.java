package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.job.batches.Batch;
import siglip.job.features.PairShape;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Operand;
import siglip.kernels.blas.RoundingProducts;
import siglip.kernels.blas.SparseRows;

class TowerPairTest {
    private static final PairShape TOKENS = new PairShape(9, 0);
    private static final PairShape FEATURES = new PairShape(9, 4);
    private static final int ROWS = 13;

    private final Random random = new Random(Cases.SEED);

    @ParameterizedTest
    @EnumSource(Nonlinearity.class)
    void embeddingsAndGradientsStayWithinTheBoundsOfTheOracle(Nonlinearity activation) {
        for (List<Integer> hidden : List.of(List.<Integer>of(), List.of(7), List.of(7, 3), List.of(4, 8, 6))) {
            for (PairShape shape : List.of(TOKENS, FEATURES)) {
                ModelSpec spec = ModelSpec.of(Cases.settings(hidden, dl4jName(activation), 0.3), shape);
                assertThat(spec.fastPath()).isTrue();
                checkAgainstOracle(spec, new NaiveProducts());
            }
        }
    }

    @Test
    void theBoundsCatchAProductThatDropsItsLastTerm() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "tanh", 0), FEATURES);

        assertThatThrownBy(() -> checkAgainstOracle(spec, new ForgetfulProducts()))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void theBoundsCatchAMaskOfAnotherStep() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "tanh", 0.3), FEATURES);
        Parameters parameters = spec.initial(Cases.SEED);
        Batch batch = Cases.batch(FEATURES, ROWS, random);
        Matrix images = Matrix.allocate(ROWS, spec.width());
        try (TowerPair towers = new TowerPair(spec, new NaiveProducts(), ROWS)) {
            towers.forward(Modality.IMAGE, parameters, batch, Cases.SEED, Pass.STEP + 1, images);
        }

        BoundedRows expected = ReferenceTowers.forward(spec, parameters, batch, Cases.SEED, Pass.STEP)
                .images();

        assertThatThrownBy(() -> Pass.check("image", images, expected)).isInstanceOf(AssertionError.class);
    }

    private void checkAgainstOracle(ModelSpec spec, MatrixProducts products) {
        Parameters parameters = spec.initial(Cases.SEED);
        Batch batch = Cases.batch(spec.shape(), ROWS, random);
        Matrix imageGradient = Cases.random(ROWS, spec.width(), random);
        Matrix textGradient = Cases.random(ROWS, spec.width(), random);

        Pass pass = Pass.run(spec, products, parameters, batch, imageGradient, textGradient);

        pass.check(spec, parameters, batch, imageGradient, textGradient, products.precision());
    }

    static Iterable<MatrixProducts> productsInBf16() {
        return RoundingProducts.all();
    }

    @ParameterizedTest
    @MethodSource("productsInBf16")
    void productsInBf16StayWithinTheirBoundsOfTheOracle(MatrixProducts products) {
        try (products) {
            for (Nonlinearity activation : Nonlinearity.values()) {
                for (List<Integer> hidden : List.of(List.<Integer>of(), List.of(7), List.of(7, 3))) {
                    for (PairShape shape : List.of(TOKENS, FEATURES)) {
                        checkAgainstOracle(
                                ModelSpec.of(Cases.settings(hidden, dl4jName(activation), 0.3), shape), products);
                    }
                }
            }
        }
    }

    @Test
    void theBoundsOfBf16CatchAProductThatDropsItsLastTerm() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "tanh", 0), FEATURES);

        assertThatThrownBy(() -> checkAgainstOracle(spec, new RoundingProducts(new ForgetfulProducts())))
                .isInstanceOf(AssertionError.class);
    }

    /** Products in bf16 that pass for products in fp32. */
    private static final class SecretlyRounding implements MatrixProducts {
        private final MatrixProducts products = new RoundingProducts(new NaiveProducts());

        @Override
        public String name() {
            return "secretly rounding";
        }

        @Override
        public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
            products.timesTransposed(a, b, c, into);
        }

        @Override
        public void times(Operand a, Operand b, Matrix c, Into into) {
            products.times(a, b, c, into);
        }

        @Override
        public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
            products.transposedTimes(a, b, c, into);
        }

        @Override
        public void close() {}
    }

    @Test
    void theBoundsOfFp32CatchProductsInBf16() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "tanh", 0), FEATURES);

        assertThatThrownBy(() -> checkAgainstOracle(spec, new SecretlyRounding()))
                .isInstanceOf(AssertionError.class);
    }

    static List<MatrixProducts> productsInBothPrecisions() {
        return Stream.concat(Stream.of(new NaiveProducts()), RoundingProducts.all().stream())
                .toList();
    }

    @ParameterizedTest
    @MethodSource("productsInBothPrecisions")
    void aPairOfTowersServesBatchesOfAnySizeOneAfterTheOther(MatrixProducts products) {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7, 3), "gelu", 0.3), TOKENS);
        Parameters parameters = spec.initial(Cases.SEED);
        Matrix dense = Matrix.allocate(1, spec.layout().dense());
        SparseRows table = new SparseRows(spec.layout().tableWidth());
        try (products;
                TowerPair towers = new TowerPair(spec, products, ROWS)) {
            for (int rows : new int[] {2, ROWS, 7, 1, ROWS, 0}) {
                Batch batch = Cases.batch(TOKENS, rows, random);
                Matrix imageGradient = Cases.random(rows, spec.width(), random);
                Matrix textGradient = Cases.random(rows, spec.width(), random);
                Matrix images = Matrix.allocate(rows, spec.width());
                Matrix texts = Matrix.allocate(rows, spec.width());

                Pass pass = new Pass(images, texts, dense, table);
                pass.run(towers, parameters, batch, imageGradient, textGradient);

                pass.check(spec, parameters, batch, imageGradient, textGradient, products.precision());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("productsInBothPrecisions")
    void towersOverFeaturesTakeTheirMemoryAtOnce(MatrixProducts products) {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7, 30), "gelu", 0.3), FEATURES);
        Batch batch = Cases.batch(FEATURES, ROWS, random);
        Matrix gradient = Cases.random(ROWS, spec.width(), random);
        Matrix embeddings = Matrix.allocate(ROWS, spec.width());
        Matrix dense = Matrix.allocate(1, spec.layout().dense());
        try (products;
                TowerPair towers = new TowerPair(spec, products, ROWS)) {
            long bytes = towers.bytes();
            new Pass(embeddings, embeddings, dense, new SparseRows(0))
                    .run(towers, spec.initial(1), batch, gradient, gradient);

            assertThat(towers.bytes()).isEqualTo(bytes);
        }
    }

    @Test
    void partsOfABatchAddUpToTheWhole() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "relu", 0.3), TOKENS);
        Parameters parameters = spec.initial(Cases.SEED);
        Batch whole = Cases.batch(TOKENS, ROWS, random);
        Matrix imageGradient = Cases.random(ROWS, spec.width(), random);
        Matrix textGradient = Cases.random(ROWS, spec.width(), random);
        double[] dense = new double[spec.layout().dense()];

        Matrix images = Matrix.allocate(ROWS, spec.width());
        for (int[] cut : new int[][] {{0, 4}, {4, 8}, {12, 1}}) {
            Pass part = Pass.run(
                    spec,
                    new NaiveProducts(),
                    parameters,
                    Cases.part(whole, TOKENS, cut[0], cut[1]),
                    imageGradient.rows(cut[0], cut[1]),
                    textGradient.rows(cut[0], cut[1]));
            images.rows(cut[0], cut[1]).copyFrom(part.images());
            for (int i = 0; i < dense.length; i++) {
                dense[i] += part.dense().get(0, i);
            }
        }

        ReferenceTowers expected = ReferenceTowers.forward(spec, parameters, whole, Cases.SEED, Pass.STEP);
        Pass.check("image", images, expected.images());
        BoundedRows gradient = expected.backward(
                        BoundedRows.exact(imageGradient, ROWS), BoundedRows.exact(textGradient, ROWS))
                .dense();
        for (int i = 0; i < dense.length; i++) {
            assertThat(Math.abs(dense[i] - gradient.value()[0][i])).isLessThanOrEqualTo(gradient.error()[0][i]);
        }
    }

    @Test
    void anOutputWithoutDirectionGivesZerosAndPassesNoGradient() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "relu", 0), TOKENS);
        Parameters zeros = Parameters.allocate(spec.layout());
        Batch batch = Cases.batch(TOKENS, ROWS, random);

        Pass pass = Pass.run(
                spec,
                new NaiveProducts(),
                zeros,
                batch,
                Cases.random(ROWS, spec.width(), random),
                Cases.random(ROWS, spec.width(), random));

        assertThat(pass.images().toArray()).containsOnly(0);
        assertThat(pass.texts().toArray()).containsOnly(0);
        assertThat(pass.dense().toArray()).containsOnly(0);
    }

    @Test
    void notANumberInAParameterReachesTheEmbeddings() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "relu", 0), TOKENS);
        Parameters parameters = spec.initial(Cases.SEED);
        parameters.dense().set(0, 0, Float.NaN);

        Pass pass = Pass.run(
                spec,
                new NaiveProducts(),
                parameters,
                Cases.batch(TOKENS, ROWS, random),
                Cases.random(ROWS, spec.width(), random),
                Cases.random(ROWS, spec.width(), random));

        assertThat(pass.images().toArray()).containsOnly(Float.NaN);
    }

    @Test
    void aTokenOutsideTheTableIsRefused() {
        ModelSpec spec = ModelSpec.of(Cases.settings(List.of(7), "relu", 0), TOKENS);
        Batch batch = new Batch(TOKENS, 1);
        batch.start(1);
        batch.tokens().add(new int[] {Cases.BUCKETS}, 0, 1);
        Matrix one = Matrix.allocate(1, spec.width());
        try (TowerPair towers = new TowerPair(spec, new NaiveProducts(), 1)) {
            assertThatThrownBy(() -> towers.forward(Modality.TEXT, spec.initial(1), batch, 1, 1, one))
                    .hasMessageContaining("token 97")
                    .hasMessageContaining("97 rows");
        }
    }

    static String dl4jName(Nonlinearity activation) {
        return activation.name().replace("_", "");
    }

    /** Leaves out the last term of each product. */
    private static final class ForgetfulProducts implements MatrixProducts {
        private final MatrixProducts products = new NaiveProducts();

        @Override
        public String name() {
            return "forgetful";
        }

        @Override
        public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
            Matrix shortened = Matrix.allocate(a.matrix().rows(), a.matrix().columns());
            shortened.copyFrom(a.matrix());
            for (int i = 0; i < shortened.rows(); i++) {
                shortened.set(i, shortened.columns() - 1, 0);
            }
            products.timesTransposed(shortened, b, c, into);
        }

        @Override
        public void times(Operand a, Operand b, Matrix c, Into into) {
            products.times(a, b, c, into);
        }

        @Override
        public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
            products.transposedTimes(a, b, c, into);
        }

        @Override
        public void close() {}
    }
}
