package siglip.job.formats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Columns;
import siglip.job.config.DataSettings.Kind;
import siglip.job.features.CaptionFeatures;
import siglip.job.features.PictureFeatures;

/**
 * The columns of a pair, found in a table.
 *
 * @param reader how their cells are read
 * @param image encoded pictures or features
 * @param text captions or features
 * @param keywords arrays of strings, all null where there are none
 * @param concept bytes, all null where pairs have no concept
 * @param classes strings
 * @param key what orders the rows; empty where their place does
 */
record PairColumns(
        PairReader reader,
        Column image,
        Column text,
        Column keywords,
        Column concept,
        List<Column> classes,
        Optional<Column> key) {

    /**
     * Checks the columns that the settings name against those of the data, and finds out what they hold.
     *
     * @throws DataException naming every column that is missing or of a type that does not do
     */
    static PairColumns find(ColumnNames names, DataSettings settings, int buckets, PictureFiles files) {
        return new Check(names).columns(settings, buckets, files);
    }

    /** All complaints come together. */
    private static final class Check {
        private final ColumnNames names;
        private final List<String> complaints = new ArrayList<>();
        private final Set<String> absent = new LinkedHashSet<>(); // settings of columns that are not there
        private final Set<String> faults = new HashSet<>(); // of columns that cannot be read; most are of a whole file

        Check(ColumnNames names) {
            this.names = names;
        }

        PairColumns columns(DataSettings settings, int buckets, PictureFiles files) {
            Columns columns = settings.columns();
            Optional<ColumnNames.Found> image = find("image", columns.image()).map(Check::bytes);
            Optional<ColumnNames.Found> text = find("text", columns.text());
            Optional<GivenFeatures> imageFeatures = image.flatMap(found -> given(
                    "image",
                    columns.image(),
                    found.type(),
                    columns.imageKind(),
                    DataTypes.BinaryType,
                    DataTypes.StringType));
            Optional<GivenFeatures> textFeatures = text.flatMap(
                    found -> given("text", columns.text(), found.type(), columns.textKind(), DataTypes.StringType));
            Optional<Column> keywords = columns.keywords().flatMap(name -> keywords(name, textFeatures.isEmpty()));
            Optional<ColumnNames.Found> concept = columns.concept().flatMap(name -> find("concept", name));
            List<Column> classes = columns.classes().stream()
                    .flatMap(name -> find("classes", name).stream())
                    .map(found -> found.column().cast(DataTypes.StringType))
                    .toList();
            Optional<Column> key =
                    columns.key().flatMap(name -> find("key", name)).map(ColumnNames.Found::column);
            if (!complaints.isEmpty()) {
                throw new DataException("Cannot read pairs from %s: %s. Its columns are %s%s"
                        .formatted(settings.path(), String.join("; ", complaints), names.listed(), absent()));
            }
            Optional<ColumnNames.Found> concepts = concept.or(() -> textFeatures.isEmpty() ? text : Optional.empty());
            return new PairColumns(
                    new PairReader(
                            imageFeatures
                                    .<ImageColumn>map(ImageColumn.Given::new)
                                    .orElseGet(() -> pictures(image.orElseThrow(), settings.maxImagePixels(), files)),
                            textFeatures
                                    .<TextColumn>map(TextColumn.Given::new)
                                    .orElse(new TextColumn.Captions(new CaptionReader(
                                            CaptionFeatures.BY_NAME
                                                    .get("hashed-words")
                                                    .apply(buckets),
                                            settings.htmlEntities(),
                                            settings.missingCaptions()))),
                            concepts.isPresent()),
                    image.orElseThrow().column(),
                    text.orElseThrow().column(),
                    keywords.orElse(functions.lit(null).cast("array<string>")),
                    concepts.map(Check::asBytes).orElse(functions.lit(null).cast(DataTypes.BinaryType)),
                    classes,
                    key);
        }

        /** Pictures are often kept as a struct of their bytes and path, as Hugging Face's data sets are. */
        private static ColumnNames.Found bytes(ColumnNames.Found image) {
            return image.field("bytes")
                    .filter(bytes -> bytes.type() instanceof BinaryType)
                    .orElse(image);
        }

        /** Pictures in the column itself, or in files that it names. */
        private static ImageColumn pictures(ColumnNames.Found image, long maxPixels, PictureFiles files) {
            ImageColumn.Pictures pictures =
                    new ImageColumn.Pictures(PictureFeatures.BY_NAME.get("gradients-and-colours"), maxPixels);
            return image.type() instanceof StringType ? new ImageColumn.PicturePaths(pictures, files) : pictures;
        }

        /** Bytes compare and hash alike everywhere; not every concept is valid UTF-8, a perceptual hash for one. */
        private static Column asBytes(ColumnNames.Found concept) {
            return concept.type() instanceof BinaryType
                    ? concept.column()
                    : concept.column().cast(DataTypes.StringType).cast(DataTypes.BinaryType);
        }

        /** How a column's features are stored; empty if it holds pictures or captions. */
        private Optional<GivenFeatures> given(String setting, String name, DataType type, Kind kind, DataType... raw) {
            boolean isRaw = Arrays.asList(raw).contains(type);
            String rawTypes = Arrays.stream(raw).map(DataType::simpleString).collect(Collectors.joining(" or "));
            Optional<GivenFeatures> features = GivenFeatures.of(type);
            if (kind == Kind.RAW || (kind == Kind.AUTO && isRaw)) {
                if (!isRaw) {
                    complain(setting, name, "is %s, not %s".formatted(type.simpleString(), rawTypes));
                }
                return Optional.empty();
            }
            if (kind == Kind.AUTO && type instanceof BinaryType) {
                complain(
                        setting,
                        name,
                        "is binary: set data.columns.%s-kind = features if it holds float32".formatted(setting));
            } else if (setting.equals("text") && type.equals(DataTypes.createArrayType(DataTypes.StringType))) {
                complain(
                        setting,
                        name,
                        "is a list of captions, of which there is one a row: write a row for each caption, and name the picture's id by data.columns.concept");
            } else if (features.isEmpty()) {
                complain(
                        setting,
                        name,
                        "is %s; %s would do%s"
                                .formatted(
                                        type.simpleString(),
                                        GivenFeatures.TYPES,
                                        kind == Kind.AUTO ? ", or " + rawTypes : ""));
            }
            return features;
        }

        private Optional<Column> keywords(String name, boolean captions) {
            Optional<ColumnNames.Found> found = find("keywords", name);
            if (found.isPresent()
                    && !(found.get().type() instanceof ArrayType array && array.elementType() instanceof StringType)) {
                complain(
                        "keywords",
                        name,
                        "is %s, not array<string>".formatted(found.get().type().simpleString()));
            }
            if (!captions) {
                complain("keywords", name, "goes with captions, but the text column holds features");
            }
            return found.map(ColumnNames.Found::column);
        }

        private Optional<ColumnNames.Found> find(String setting, String name) {
            Optional<ColumnNames.Found> found = names.find(name);
            if (found.isEmpty()) {
                absent.add(setting);
                boolean again =
                        names.fault(name).filter(fault -> !faults.add(fault)).isPresent();
                complaints.add(
                        again
                                ? "the same goes for column '%s' (data.columns.%s)".formatted(name, setting)
                                : names.whyNot(name, "data.columns." + setting));
            }
            return found;
        }

        /** Defaults fit the sample alone, so these are what most people meet first. */
        private String absent() {
            absent.retainAll(List.of("keywords", "concept", "classes", "key"));
            return absent.isEmpty()
                    ? ""
                    : ". If there are none such, set "
                            + absent.stream()
                                    .map(name -> "data.columns.%s = %s"
                                            .formatted(name, name.equals("classes") ? "[]" : "null"))
                                    .collect(Collectors.joining(", "))
                            + "; data.train, data.test and data.left-out-every also describe the sample until you set them (docs/data.md)";
        }

        private void complain(String setting, String name, String what) {
            complaints.add("column '%s' (data.columns.%s) %s".formatted(name, setting, what));
        }
    }
}
