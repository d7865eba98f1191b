package siglip.job.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import siglip.job.config.DataSettings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;

/**
 * What was found in a data set, for reports.
 *
 * @param path of the settings
 * @param form in which the data were found, in words
 * @param files number of files
 * @param ignored the other files at the path, which are not read for rows, by reason
 * @param rows that the predicates take
 * @param training rows to train on, M
 * @param heldOut how many rows are held out, by their set; sets without rows are not there
 * @param leftOut rows that are neither trained nor evaluated on, since their concept is left out of training
 * @param concepts distinct concepts; 0 where pairs have none
 * @param leftOutConcepts how many of them are left out of training
 * @param skipped invalid rows, by reason
 * @param absent rows that hold no pair, as the data themselves say; {@code rows} counts none of them
 * @param shape of a pair
 * @param scaling of its features
 * @param tooLarge which features of training rows no training can compute with as they are, in words, by side
 * @param packedBytes memory of the training set when it is replicated
 * @param source {@code REPLICATED} or {@code SHUFFLED}
 * @param fingerprint SHA-256 over names, lengths and row numbers of the files, the rows kept and their features
 */
public record DataSummary(
        String path,
        String form,
        int files,
        List<Ignored> ignored,
        long rows,
        long training,
        Map<HeldOut, Long> heldOut,
        long leftOut,
        int concepts,
        int leftOutConcepts,
        List<Skipped> skipped,
        List<Skipped> absent,
        PairShape shape,
        PairScaling scaling,
        Map<String, String> tooLarge,
        long packedBytes,
        DataSettings.Source source,
        String fingerprint) {
    public DataSummary {
        ignored = List.copyOf(ignored);
        heldOut = Collections.unmodifiableMap(new TreeMap<>(heldOut));
        skipped = List.copyOf(skipped);
        absent = List.copyOf(absent);
        tooLarge = Collections.unmodifiableMap(new LinkedHashMap<>(tooLarge));
    }

    /** What is wrong with features, by kind; empty where nothing is. */
    public Map<String, String> remarks() {
        Map<String, String> remarks = new LinkedHashMap<>(scaling.remarks());
        remarks.putAll(tooLarge);
        return Collections.unmodifiableMap(remarks);
    }

    /** How many rows are skipped. */
    public long skippedRows() {
        return skipped.stream().mapToLong(Skipped::rows).sum();
    }

    /**
     * Files that are not read for rows, for one reason.
     *
     * @param reason in words
     * @param files how many
     * @param examples names of the first few
     */
    public record Ignored(String reason, int files, List<String> examples) {
        public Ignored {
            examples = List.copyOf(examples);
        }

        /** Groups files, given with their reasons. */
        static List<Ignored> of(Map<String, String> reasons) {
            Map<String, List<String>> names = new TreeMap<>();
            new TreeMap<>(reasons).forEach((file, reason) -> names.computeIfAbsent(reason, each -> new ArrayList<>())
                    .add(file));
            return names.entrySet().stream()
                    .map(group -> new Ignored(
                            group.getKey(),
                            group.getValue().size(),
                            group.getValue().stream().limit(Skipped.EXAMPLES).toList()))
                    .toList();
        }

        @Override
        public String toString() {
            return "%s: %d (%s)".formatted(reason, files, String.join("; ", examples));
        }
    }

    /**
     * Rows that are skipped for one reason.
     *
     * @param reason in words
     * @param rows how many
     * @param examples the first few, as people know them
     */
    public record Skipped(String reason, long rows, List<String> examples) {
        static final int EXAMPLES = 5;

        public Skipped {
            examples = List.copyOf(examples);
        }

        /** These rows and more of the same reason. */
        Skipped and(long more, List<String> someOfThem) {
            return new Skipped(
                    reason,
                    rows + more,
                    Stream.concat(examples.stream(), someOfThem.stream()).toList());
        }

        @Override
        public String toString() {
            return "%s: %d (%s)".formatted(reason, rows, String.join("; ", examples));
        }
    }
}
