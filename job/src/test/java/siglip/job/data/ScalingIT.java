package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import siglip.job.features.FeatureScaling;
import siglip.job.formats.DataException;

/** Given features on the common scale: from the statistics of training rows, whatever their order and partitions. */
class ScalingIT extends OnLocalSpark {
    private static final StructType SCHEMA = new StructType()
            .add("image", DataTypes.createArrayType(DataTypes.FloatType))
            .add("text", DataTypes.createArrayType(DataTypes.FloatType))
            .add("held", DataTypes.BooleanType);
    private static final String[] SCALED = {"data.scaling.image=standardise", "data.scaling.text=standardise"};

    private static Row row(double image, double text, boolean held) {
        return RowFactory.create(
                new float[] {(float) (1e7 + image), (float) image, 4}, new float[] {(float) (1e-6 * text), 1}, held);
    }

    private PairData open(String name, List<Row> rows, int files, String... more) {
        for (int i = 0; i < files; i++) {
            TestData.write(
                    spark,
                    folder.resolve(name).resolve("part=" + i),
                    SCHEMA,
                    rows.subList(i * rows.size() / files, (i + 1) * rows.size() / files));
        }
        return PairData.open(spark, TestData.features(folder.resolve(name).toString(), more), TestData.BUCKETS);
    }

    @Test
    void bothSidesAreStandardisedOverTheTrainingRowsAlone() {
        List<Row> rows = List.of(
                row(-100, 1, false),
                row(100, 3, false),
                row(900, 900, true),
                RowFactory.create(new float[] {Float.NaN, 1, 1}, new float[] {1, 1}, false));
        try (PairData data =
                open("sides", rows, 1, SCALED[0], SCALED[1], "data.test=held", "data.max-skipped-share=0.5")) {
            float[] values = new float[5];
            data.training().image(1, values, 0);
            data.training().text(1, values, 3);
            assertThat(values).containsExactly(1, 1, 0, 1, 0);
            data.heldOut(PairData.HeldOut.UNSORTED).pairs().image(0, values, 0);
            assertThat(values).startsWith(9, 9, 0);
            assertThat(data.summary().scaling().remarks())
                    .containsOnlyKeys("constant image features", "constant text features");
            assertThat(data.summary().skippedRows()).isEqualTo(1);
        }
    }

    @Test
    void permutedRowsAndOtherPartitionsGiveTheSameBits() {
        Random random = new Random(1);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            rows.add(row(1e-3 * Math.exp(8 * random.nextGaussian()), random.nextGaussian(), false));
        }
        FeatureScaling image;
        FeatureScaling text;
        try (PairData data = open("one", rows, 1, SCALED)) {
            image = data.scaling().image();
            text = data.scaling().text();
        }
        java.util.Collections.shuffle(rows, random);
        try (PairData data = open("other", rows, 7, SCALED)) {
            assertThat(data.scaling().image()).isEqualTo(image);
            assertThat(data.scaling().text()).isEqualTo(text);
        }
    }

    @Test
    void rowsOfAnotherWidthHaveNoPartInTheStatistics() {
        List<Row> rows = List.of(
                row(-100, 1, false),
                row(100, 3, false),
                RowFactory.create(new float[] {7, 7, 7}, new float[] {1}, false));
        try (PairData data = open("widths", rows, 1, SCALED[0], SCALED[1], "data.max-skipped-share=0.5")) {
            assertThat(data.scaling().image().mean()).containsExactly(1e7, 0, 4);
        }
    }

    @Test
    void manyWidthsAreRefusedInWords() {
        List<Row> rows = new ArrayList<>();
        for (int i = 1; i <= 65; i++) {
            float[] wider = new float[i];
            java.util.Arrays.fill(wider, 1);
            rows.add(RowFactory.create(wider, new float[] {1}, false));
        }
        assertThatThrownBy(() -> open("ragged", rows, 2, SCALED[0], SCALED[1], "data.max-skipped-share=1"))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("training rows have more than 64 different widths");
    }

    @Test
    void unitAndNoneNeedNoStatistics() {
        List<Row> rows = List.of(
                RowFactory.create(new float[] {3, 4}, new float[] {3, 4}, false),
                RowFactory.create(new float[] {6, 8}, new float[] {6, 8}, false));
        try (PairData data = open("unit", rows, 1, "data.scaling.image=unit", "data.scaling.text=none")) {
            float[] values = new float[4];
            data.training().image(1, values, 0);
            data.training().text(1, values, 2);
            assertThat(values).containsExactly(0.6f, 0.8f, 6, 8);
        }
    }
}
