package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.job.batches.Batch;
import siglip.job.features.PairShape;

/** The oracle's gradients against central differences of the oracle itself. */
class ReferenceTowersTest {
    private static final int ROWS = 6;
    private static final double STEP = 1e-5;

    private final Random random = new Random(Cases.SEED);

    /**
     * A central difference is off by h^2 / 6 times the third derivative and by about 2^-53 |f| / h. Over a ReLU's kink it is off by the
     * step times the jump: those entries are left to the others.
     */
    @ParameterizedTest
    @EnumSource(
            value = Nonlinearity.class,
            names = {"IDENTITY", "TANH", "SIGMOID", "GELU", "SWISH", "SOFTPLUS"})
    void gradientsAreThoseOfFiniteDifferences(Nonlinearity activation) {
        for (PairShape shape : List.of(new PairShape(5, 0), new PairShape(5, 4))) {
            ModelSpec spec =
                    ModelSpec.of(Cases.settings(List.of(4, 3), TowerPairTest.dl4jName(activation), 0.2), shape);
            Parameters parameters = spec.initial(Cases.SEED);
            Batch batch = Cases.batch(shape, ROWS, random);
            double[] dense = ReferenceTowers.doubles(parameters.dense());
            double[] table = ReferenceTowers.doubles(parameters.table());
            BoundedRows images = BoundedRows.exact(Cases.random(ROWS, spec.width(), random), ROWS);
            BoundedRows texts = BoundedRows.exact(Cases.random(ROWS, spec.width(), random), ROWS);

            ReferenceTowers.Gradient gradient =
                    ReferenceTowers.forward(spec, dense, table, batch, 1, 2).backward(images, texts);

            for (int i = 0; i < dense.length; i++) {
                double difference = difference(spec, dense, table, batch, images, texts, dense, i);
                assertThat(gradient.dense().value()[0][i])
                        .as("parameter %d", i)
                        .isCloseTo(difference, within(1e-6 * (1 + Math.abs(difference))));
            }
            int width = spec.layout().tableWidth();
            for (int i = 0; i < table.length; i++) {
                double difference = difference(spec, dense, table, batch, images, texts, table, i);
                assertThat(gradient.table().value()[i / width][i % width])
                        .as("table entry %d", i)
                        .isCloseTo(difference, within(1e-6 * (1 + Math.abs(difference))));
            }
        }
    }

    @Test
    void derivativesOfTheKinkedActivationsAreTheirSlopes() {
        for (Nonlinearity f : Nonlinearity.values()) {
            for (double z : new double[] {-3, -0.5, 0.25, 2}) {
                double difference =
                        (ReferenceTower.value(f, z + STEP) - ReferenceTower.value(f, z - STEP)) / (2 * STEP);
                assertThat(ReferenceTower.derivative(f, z)).as("%s at %s", f, z).isCloseTo(difference, within(1e-9));
            }
        }
    }

    private static double difference(
            ModelSpec spec,
            double[] dense,
            double[] table,
            Batch batch,
            BoundedRows images,
            BoundedRows texts,
            double[] varied,
            int at) {
        double before = varied[at];
        varied[at] = before + STEP;
        double above = value(ReferenceTowers.forward(spec, dense, table, batch, 1, 2), images, texts);
        varied[at] = before - STEP;
        double below = value(ReferenceTowers.forward(spec, dense, table, batch, 1, 2), images, texts);
        varied[at] = before;
        return (above - below) / (2 * STEP);
    }

    private static double value(ReferenceTowers towers, BoundedRows images, BoundedRows texts) {
        double sum = 0;
        for (int i = 0; i < ROWS; i++) {
            for (int k = 0; k < images.value()[i].length; k++) {
                sum += images.value()[i][k] * towers.images().value()[i][k];
                sum += texts.value()[i][k] * towers.texts().value()[i][k];
            }
        }
        return sum;
    }
}
