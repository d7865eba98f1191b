package siglip.job.evaluation;

import java.io.Serializable;
import siglip.job.stability.Statistics;

/**
 * By how much an arm's R@1 differs from another's on the same queries. Both answer the same questions, of which some are hard for both: the error of the
 * difference is that of the mean of differences query by query, and smaller than that of two independent shares.
 *
 * @param arm the other
 * @param direction of the search
 * @param difference R@1 less that of the other, a share
 * @param standardError of the difference, over the queries; says nothing about other seeds
 */
public record PairedDifference(String arm, Direction direction, double difference, double standardError)
        implements Serializable {
    static PairedDifference of(String arm, Direction direction, Hits own, Hits other) {
        double[] differences = own.first();
        double[] others = other.first();
        for (int i = 0; i < differences.length; i++) {
            differences[i] -= others[i];
        }
        return new PairedDifference(
                arm, direction, Statistics.mean(differences), Statistics.standardErrorOfMean(differences));
    }
}
