package siglip.job.config;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * @param path file or folder, any Hadoop path, or {@code table:} and the name of a table
 * @param format what lies there
 * @param columns names of columns
 * @param train SQL predicate: rows to train on; empty for all that are not held out
 * @param test SQL predicate: held-out rows; empty for none
 * @param testShare share of the rows to hold out, above 0 and below 1, in place of {@code test}; empty for none
 * @param testBy what is drawn for that share
 * @param leftOutEvery concepts 0, n, 2n, ... are left out of training; 0 leaves none out
 * @param source where a rank's slices come from
 * @param replicatedLimitBytes largest packed training set that {@code AUTO} replicates
 * @param imageScaling how image features are scaled
 * @param textScaling how text features are scaled, where captions are given as such
 * @param maxImagePixels a picture with more is invalid: it is taken for a mistake or a decompression bomb
 * @param htmlEntities whether character references of HTML are decoded in captions
 * @param missingCaptions texts that stand for a missing caption, in any case
 * @param maxSkippedShare share of rows, 0 to 1, that may be skipped as invalid before the run is refused
 */
public record DataSettings(
        String path,
        Format format,
        Columns columns,
        Optional<String> train,
        Optional<String> test,
        OptionalDouble testShare,
        TestBy testBy,
        int leftOutEvery,
        Source source,
        long replicatedLimitBytes,
        Scaling imageScaling,
        Scaling textScaling,
        long maxImagePixels,
        boolean htmlEntities,
        List<String> missingCaptions,
        double maxSkippedShare) {

    /** The form in which pairs are kept. */
    public enum Format {
        /** Decided by what lies at the path. */
        AUTO,
        PARQUET,
        /** Comma-separated values whose first line names the columns. */
        CSV,
        /** The same with tabs. */
        TSV,
        /** One object a line, or one array of objects. */
        JSON,
        /** Pictures with a text each, or with metadata. */
        FOLDER,
        /** Tar files. */
        WEBDATASET,
        /** What Spark's catalogs know by name. */
        TABLE
    }

    /** What is drawn to be held out. */
    public enum TestBy {
        /** Rows, by key or else by file and row. */
        ROW,
        /** Concepts with all their rows. */
        CONCEPT
    }

    /** Where a rank's slices of the batches come from. */
    public enum Source {
        AUTO,
        REPLICATED,
        SHUFFLED
    }

    /** How the features of one side are brought to a common scale. */
    public enum Scaling {
        /** Mean 0 and standard deviation 1 over the training rows. */
        STANDARDISE,
        /** Each row to length 1. */
        UNIT,
        /** Not at all. */
        NONE;

        /** Its name in settings and files. */
        @JsonValue
        public String key() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** What a column holds. */
    public enum Kind {
        /** Decided by the column's type: binary and strings are raw, arrays of numbers and vectors are features. */
        AUTO,
        /** Encoded image bytes, the path of a picture file, or a caption, which may be stored as bytes. */
        RAW,
        /** Float features: array of float or double, little-endian float32 binary, or Spark's vector type. */
        FEATURES
    }

    /**
     * @param image image bytes, paths of picture files, or image features
     * @param imageKind what the image column holds
     * @param text captions or text features: one column or more, each of one text a row or of a list of them
     * @param textKind what the text columns hold
     * @param keywords array of strings added to the caption in half the draws; empty for none
     * @param concept identity of a caption for duplicates and retrieval; empty: the captions themselves
     * @param classes columns whose values are classes for class accuracy
     * @param key unique column that orders rows; empty: file and row order
     */
    public record Columns(
            String image,
            Kind imageKind,
            List<String> text,
            Kind textKind,
            Optional<String> keywords,
            Optional<String> concept,
            List<String> classes,
            Optional<String> key) {}
}
