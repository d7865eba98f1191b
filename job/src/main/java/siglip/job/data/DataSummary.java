package siglip.job.data;

import java.util.List;
import java.util.stream.Stream;
import siglip.job.config.DataSettings;
import siglip.job.features.PairShape;

/**
 * What was found in a data set, for reports.
 *
 * @param path of the settings
 * @param files number of files
 * @param rows that the predicates take
 * @param training rows to train on, M
 * @param seen held-out rows
 * @param unseen held-out rows whose concept is in no training row
 * @param leftOut rows taken from the training set since their concept is left out
 * @param concepts distinct concepts; 0 where pairs have none
 * @param leftOutConcepts how many of them are left out of training
 * @param skipped invalid rows, by reason
 * @param shape of a pair
 * @param packedBytes memory of the training set when it is replicated
 * @param source {@code REPLICATED} or {@code SHUFFLED}
 * @param fingerprint SHA-256 over names, lengths and row numbers of the files, the rows kept and their features
 */
public record DataSummary(
        String path,
        int files,
        long rows,
        long training,
        long seen,
        long unseen,
        long leftOut,
        int concepts,
        int leftOutConcepts,
        List<Skipped> skipped,
        PairShape shape,
        long packedBytes,
        DataSettings.Source source,
        String fingerprint) {
    public DataSummary {
        skipped = List.copyOf(skipped);
    }

    /** How many rows are skipped. */
    public long skippedRows() {
        return skipped.stream().mapToLong(Skipped::rows).sum();
    }

    /**
     * Rows that are skipped for one reason.
     *
     * @param reason in words
     * @param rows how many
     * @param examples the first few, as {@code file, row n}
     */
    public record Skipped(String reason, long rows, List<String> examples) {
        static final int EXAMPLES = 3;

        public Skipped {
            examples = List.copyOf(examples);
        }

        /** These rows and more of the same reason. */
        Skipped and(Skipped more) {
            List<String> first = Stream.concat(examples.stream(), more.examples.stream())
                    .limit(EXAMPLES)
                    .toList();
            return new Skipped(reason, rows + more.rows, first);
        }

        @Override
        public String toString() {
            return "%s: %d (%s)".formatted(reason, rows, String.join("; ", examples));
        }
    }
}
