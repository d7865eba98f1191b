package siglip.job.stability;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.distribution.BinomialDistribution;

/** From p to a verdict that holds although several questions were asked. */
public final class Significance {
    /** A family of tests finds a difference where there is none with at most this probability. */
    public static final double LEVEL = 0.05;

    private Significance() {}

    /**
     * Values of p adjusted by Holm's rule (1979): the smallest times their number, the next times one fewer and so on, none smaller than one before it. A test whose adjusted p
     * is at most {@link #LEVEL} is significant within its family.
     *
     * @param p of all tests of one family
     */
    public static double[] holm(double... p) {
        List<Integer> rising = IntStream.range(0, p.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> p[i]))
                .toList();
        double[] adjusted = new double[p.length];
        double least = 0;
        for (int rank = 0; rank < p.length; rank++) {
            int test = rising.get(rank);
            least = Math.max(least, Math.min(1, (p.length - rank) * p[test]));
            adjusted[test] = least;
        }
        return adjusted;
    }

    /** The least p that {@link #ofDiscordant} can give where there are so many places. */
    public static double leastOfDiscordant(int places) {
        return ofDiscordant(places, 0);
    }

    /**
     * McNemar's exact test of two shares that were counted in the same places: p of the two-sided test that a place where only one of them
     * counts is as likely to be the one's as the other's.
     *
     * @param onlyFirst places where the first counts alone
     * @param onlySecond places where the second counts alone
     */
    public static double ofDiscordant(int onlyFirst, int onlySecond) {
        int all = onlyFirst + onlySecond;
        return all == 0
                ? 1
                : Math.min(
                        1,
                        2
                                * new BinomialDistribution(null, all, 0.5)
                                        .cumulativeProbability(Math.min(onlyFirst, onlySecond)));
    }
}
