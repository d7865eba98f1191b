package siglip.job.data.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.File;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import siglip.job.data.OnLocalSpark;
import siglip.job.data.prepare.SyntheticPairs.Spec;
import siglip.job.files.OwnFolder;

class SyntheticPairsIT extends OnLocalSpark {
    private static final long SEED = Long.getLong("test.seed", 1);

    @Test
    void rowsDoNotDependOnTheNumberOfFiles() throws IOException {
        List<Row> one = write(new Spec(100, 5, 7, 3, 2, SEED, 1));
        List<Row> four = write(new Spec(100, 5, 7, 3, 2, SEED, 4));

        assertThat(one).isEqualTo(four).hasSize(100);
        assertThat(one.get(99).getLong(0)).isEqualTo(99);
        assertThat(write(new Spec(100, 5, 7, 3, 2, SEED + 1, 1))).isNotEqualTo(one);
    }

    /**
     * The same seed draws the same latent vectors and noise whatever the signal to noise s is, so a feature of a set with s = 0 is the noise
     * of one with s = 3, and what is left of that is signal. The variance of a signal over the draws of its projection is 1 +- sqrt(2 / 200),
     * over 20 features 1 +- 0.022; six deviations are 0.14.
     */
    @Test
    void signalAndNoiseHaveTheRatioThatWasAskedFor() throws IOException {
        int rows = 4000;
        List<Row> noisy = write(new Spec(rows, 20, 20, 200, 0, SEED, 2));
        List<Row> mixed = write(new Spec(rows, 20, 20, 200, 3, SEED, 2));
        double signal = 0;
        double noise = 0;
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < 20; i++) {
                double drawn = noisy.get(row).<Float>getList(1).get(i) * Math.sqrt(1.0 / 4);
                noise += drawn * drawn;
                signal += Math.pow(mixed.get(row).<Float>getList(1).get(i) - drawn, 2);
            }
        }
        assertThat(noise / rows / 20).isCloseTo(0.25, within(0.01)); // six deviations of 80,000 squares: 0.0075
        assertThat(signal / rows / 20).isCloseTo(0.75, within(0.75 * 0.16));
    }

    @Test
    void withoutSignalImageAndTextHaveNothingInCommonAndWithItTheyDo() throws IOException {
        assertThat(strongestCorrelation(0)).isLessThan(6 / Math.sqrt(2000)); // six deviations of chance
        assertThat(strongestCorrelation(100)).isGreaterThan(0.5);
    }

    /** With one latent number all features follow it, so any image feature correlates with any text feature. */
    private double strongestCorrelation(double signalToNoise) throws IOException {
        List<Row> pairs = write(new Spec(2000, 4, 4, 1, signalToNoise, SEED, 1));
        double strongest = 0;
        for (int image = 0; image < 4; image++) {
            for (int text = 0; text < 4; text++) {
                double xy = 0;
                double xx = 0;
                double yy = 0;
                for (Row pair : pairs) {
                    double x = pair.<Float>getList(1).get(image);
                    double y = pair.<Float>getList(2).get(text);
                    xy += x * y;
                    xx += x * x;
                    yy += y * y;
                }
                strongest = Math.max(strongest, Math.abs(xy) / Math.sqrt(xx * yy));
            }
        }
        return strongest;
    }

    private List<Row> write(Spec spec) throws IOException {
        String path = folder.resolve("pairs").toString();
        SyntheticPairs.write(
                spark, spec, OwnFolder.at(new Path(path), spark.sparkContext().hadoopConfiguration()));
        assertThat(new File(path).list()).as("whole files and their list").hasSize(spec.files() + 1);
        return spark.read().parquet(path).orderBy("id").collectAsList();
    }
}
