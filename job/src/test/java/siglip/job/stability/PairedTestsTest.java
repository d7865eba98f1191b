package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** What five seeds can tell: intervals cover what they promise, and families of tests that find nothing find nothing. */
class PairedTestsTest {
    private static final int SEEDS = 5;
    private static final int TRIALS = 20_000;

    /** Standard error of a share of 5 % over the trials, four times: 0.6 %. */
    private static final double TOLERANCE = 4 * Math.sqrt(0.05 * 0.95 / TRIALS);

    @Test
    void theIntervalIsThatOfATextbook() {
        StudentMean found = StudentMean.of(1, 2, 3, 4, 5); // mean 3, s = sqrt(2.5), t(0.975, 4) = 2.776445

        double half = 2.7764451052 * Math.sqrt(2.5 / 5);
        assertThat(found.mean().low()).isCloseTo(3 - half, within(1e-8));
        assertThat(found.mean().high()).isCloseTo(3 + half, within(1e-8));
        assertThat(found.p()).isCloseTo(0.0132355, within(1e-6)); // t = 4.242641 with 4 degrees of freedom
        assertThat(found.isWithin(4.6)).isTrue(); // t(0.95, 4) = 2.131847: 3 + 1.507
        assertThat(found.isWithin(4.4)).isFalse();
    }

    /** The differences of seeds that were met on the sample: a spread of 0.5 points in one arm, 1.4 in the other, with much in common. */
    @Test
    void ninetyFiveOfAHundredIntervalsOfFiveSeedsHoldTheTrueDifference() {
        Random random = new Random(17);
        int missed = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            double[] differences = new double[SEEDS];
            for (int seed = 0; seed < SEEDS; seed++) {
                double common = random.nextGaussian();
                double first = 0.396 + 0.005 * (0.6 * common + 0.8 * random.nextGaussian());
                double second = 0.377 + 0.014 * (0.6 * common + 0.8 * random.nextGaussian());
                differences[seed] = first - second;
            }
            Estimate mean = StudentMean.of(differences).mean();
            missed += mean.low() > 0.019 || mean.high() < 0.019 ? 1 : 0;
        }
        assertThat((double) missed / TRIALS).isCloseTo(0.05, within(TOLERANCE));
    }

    /** A normal quantile in the place of Student's misses more than twice as often, and the test above would see it. */
    @Test
    void anIntervalThatForgetsHowFewSeedsThereAreMissesTooOften() {
        Random random = new Random(17);
        int missed = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            StudentMean found = StudentMean.of(gaussian(random, 0.01));
            missed += Math.abs(found.mean().value()) > 1.959964 * found.standardError() ? 1 : 0;
        }
        assertThat((double) missed / TRIALS).isGreaterThan(0.10);
    }

    @Test
    void intervalsOfARatioOfSpreadsHoldTheTrueRatio() {
        Random random = new Random(18);
        int missed = 0;
        int significant = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            double[] x = new double[SEEDS];
            double[] y = new double[SEEDS];
            double[] same = new double[SEEDS];
            for (int seed = 0; seed < SEEDS; seed++) {
                double common = random.nextGaussian();
                x[seed] = 0.3 + 0.02 * (0.6 * common + 0.8 * random.nextGaussian());
                y[seed] = 0.2 + 0.005 * (0.6 * common + 0.8 * random.nextGaussian());
                same[seed] = 0.7 + 0.02 * (0.6 * common + 0.8 * random.nextGaussian());
            }
            Estimate ratio = SpreadRatio.of(x, y).ratio();
            missed += ratio.low() > 4 || ratio.high() < 4 ? 1 : 0;
            SpreadRatio none = SpreadRatio.of(x, same);
            significant += none.p() <= 0.05 ? 1 : 0;
            boolean holdsOne = none.ratio().low() <= 1 && none.ratio().high() >= 1;
            assertThat(holdsOne).as("interval and test agree").isEqualTo(none.p() > 0.05);
        }
        assertThat((double) missed / TRIALS).isCloseTo(0.05, within(TOLERANCE));
        assertThat((double) significant / TRIALS).isCloseTo(0.05, within(TOLERANCE));
    }

    @Test
    void equalWithinAMarginIsRarelySaidWhereTheDifferenceIsTheMargin() {
        Random random = new Random(19);
        int said = 0;
        for (int trial = 0; trial < TRIALS; trial++) {
            double[] differences = gaussian(random, 0.005);
            for (int seed = 0; seed < SEEDS; seed++) {
                differences[seed] += 0.02;
            }
            said += StudentMean.of(differences).isWithin(0.02) ? 1 : 0;
        }
        assertThat((double) said / TRIALS).isCloseTo(0.05, within(TOLERANCE));
    }

    @Test
    void holmIsThatOfATextbook() {
        assertThat(Significance.holm(0.01, 0.04, 0.03, 0.005)).containsExactly(0.03, 0.06, 0.06, 0.02);
        assertThat(Significance.holm(0.6, 0.7)).containsExactly(1, 1);
        assertThat(Significance.holm()).isEmpty();
    }

    @Test
    void aFamilyOfTenQuestionsFindsADifferenceThatIsNotThereInAtMostOneStudyOfTwenty() {
        Random random = new Random(20);
        int studies = TRIALS / 10;
        int wrong = 0;
        for (int study = 0; study < studies; study++) {
            double[] p = new double[10];
            for (int question = 0; question < p.length; question++) {
                p[question] = StudentMean.of(gaussian(random, 0.01)).p();
            }
            for (double each : Significance.holm(p)) {
                if (each <= Significance.LEVEL) {
                    wrong++;
                    break;
                }
            }
        }
        assertThat((double) wrong / studies).isBetween(0.02, 0.07); // of about 0.049, five standard errors
    }

    @Test
    void equalDifferencesAndSingleSeedsProveNothing() {
        assertThat(StudentMean.of(0, 0, 0).p()).isEqualTo(1);
        assertThat(StudentMean.of(0.1, 0.1, 0.1, 0.1, 0.1).p()).isEqualTo(0.0625);
        assertThat(StudentMean.of(0.3 - 0.2, 0.4 - 0.3, 0.5 - 0.4, 0.6 - 0.5, 0.7 - 0.6)
                        .p())
                .as("the same but for rounding")
                .isEqualTo(0.0625);
        assertThat(StudentMean.of(3).p()).isEqualTo(1);
        assertThat(StudentMean.of(3).mean().low()).isNaN();
        assertThat(StudentMean.of(3).isWithin(10)).isFalse();
        assertThat(StudentMean.of().mean().value()).isNaN();
        assertThat(SpreadRatio.of(new double[] {1, 1, 1}, new double[] {1, 2, 3})
                        .p())
                .isEqualTo(1);
    }

    /** What chance finds is the same in all seeds, but 1/q thrice is not thrice 1/q in doubles. */
    @Test
    void valuesThatAreTheSameButForRoundingDoNotVary() {
        double[] learned = {0.38, 0.41, 0.40, 0.39, 0.42};
        for (int queries = 2; queries < 2000; queries++) {
            double chance = 1.0 / queries;
            assertThat(SpreadRatio.of(new double[] {chance, chance, chance, chance, chance}, learned))
                    .as("%d queries", queries)
                    .isEqualTo(new SpreadRatio(Estimate.NONE, 1));
        }
        for (int more = 1; more < 400; more++) {
            double[] shifted = new double[learned.length];
            for (int i = 0; i < learned.length; i++) {
                shifted[i] = learned[i] + more / 1107.0;
            }
            assertThat(SpreadRatio.of(shifted, learned).p()).as("%d more", more).isEqualTo(1);
        }
        assertThat(StudentMean.of(0, 0, 0, 0, 0).isWithin(0.1))
                .as("both found what chance finds")
                .isFalse();
    }

    @Test
    void aTrainingThatLearnsAtNoRateIsNotInsensitiveToIt() {
        RateCurve nowhere = new RateCurve(new double[] {1e-3, 1e-2}, new double[] {0.99, Double.NaN}, 0.98);

        assertThat(nowhere.sensitivity()).isNaN();
        assertThat(nowhere.width(0.99)).isNaN();
    }

    @Test
    void failuresOfTheSameSeedsAreNoDifference() {
        assertThat(Significance.ofDiscordant(0, 0)).isEqualTo(1);
        assertThat(Significance.ofDiscordant(5, 0)).isCloseTo(0.0625, within(1e-12));
        assertThat(Significance.ofDiscordant(0, 6)).isCloseTo(0.03125, within(1e-12));
        assertThat(Significance.ofDiscordant(3, 3)).isEqualTo(1);
    }

    @Test
    void sensitivityIsTheMeanAboveTheBestAndNothingIsWorseThanTheStart() {
        RateCurve curve =
                new RateCurve(new double[] {1e-3, 1e-2, 1e-1, 1}, new double[] {0.6, 0.5, 0.9, Double.NaN}, 0.8);

        assertThat(curve.sensitivity()).isCloseTo((0.6 + 0.5 + 0.8 + 0.8) / 4 - 0.5, within(1e-12));
        assertThat(curve.best()).isEqualTo(0.5);
        // Half a decade down to 0.55, a sixth of one up to it.
        assertThat(curve.width(0.55)).isCloseTo(0.5 + 0.05 / 0.3, within(1e-12));
        assertThat(curve.width(0.6)).isCloseTo(1 + 0.1 / 0.3, within(1e-12));
        assertThat(curve.width(0.8)).isCloseTo(3, within(1e-12));
    }

    private static double[] gaussian(Random random, double deviation) {
        double[] values = new double[SEEDS];
        for (int i = 0; i < values.length; i++) {
            values[i] = deviation * random.nextGaussian();
        }
        return values;
    }
}
