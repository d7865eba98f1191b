package siglip.job.formats;

import java.util.ArrayList;
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
import siglip.job.formats.PairReader.Identity;

/**
 * The columns of a pair, found in a table.
 *
 * @param reader how their cells are read
 * @param image encoded pictures or features
 * @param text each of captions as bytes, of features, or of lists of either
 * @param keywords arrays of strings, all null where there are none
 * @param concept bytes; empty where no column holds concepts
 * @param classes strings
 * @param key what orders the rows; empty where their place does
 */
record PairColumns(
        PairReader reader,
        Column image,
        List<Column> text,
        Column keywords,
        Optional<Column> concept,
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

    /** All texts of a row, as fields of a struct. */
    Column texts() {
        return functions.struct(text.toArray(Column[]::new));
    }

    /** All concepts of a row, as an array of bytes with nulls in it: its captions where they are concepts. */
    Column concepts() {
        if (reader.text() instanceof TextColumn.Captions captions && concept.isEmpty()) {
            Column none = functions.array().cast("array<binary>");
            Column[] lists = new Column[text.size()];
            for (int i = 0; i < lists.length; i++) {
                lists[i] =
                        captions.lists().get(i) ? functions.coalesce(text.get(i), none) : functions.array(text.get(i));
            }
            return functions.concat(lists);
        }
        return functions.array(concept.orElse(functions.lit(null).cast(DataTypes.BinaryType)));
    }

    /** The concept that decides what a row is for: of captions, the first that is not empty. Null where a row has none. */
    Column firstConcept() {
        if (concept.isPresent()) {
            return concept.get();
        }
        return functions.get(
                functions.filter(concepts(), each -> each.isNotNull()
                        .and(functions.length(each).gt(0))),
                functions.lit(0));
    }

    /**
     * A text column.
     *
     * @param isList whether a row has a list of texts
     * @param features how those of one text are stored; empty if it is a caption
     */
    private record Text(Column column, boolean isList, Optional<GivenFeatures> features) {
        boolean isCaption() {
            return features.isEmpty();
        }
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
            Optional<GivenFeatures> imageFeatures =
                    image.flatMap(found -> imageFeatures(columns.image(), found.type(), columns.imageKind()));
            List<Text> texts = texts(columns);
            boolean captions = texts.stream().allMatch(Text::isCaption);
            Optional<Column> keywords = columns.keywords().flatMap(name -> keywords(name, captions));
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
            return new PairColumns(
                    new PairReader(
                            imageFeatures
                                    .<ImageColumn>map(ImageColumn.Given::new)
                                    .orElseGet(() -> pictures(image.orElseThrow(), settings.maxImagePixels(), files)),
                            captions ? captions(texts, settings, buckets) : given(texts),
                            concept.isPresent() ? Identity.CONCEPT : captions ? Identity.CAPTION : Identity.ROW),
                    image.orElseThrow().column(),
                    texts.stream().map(Text::column).toList(),
                    keywords.orElse(functions.lit(null).cast("array<string>")),
                    concept.map(Check::asBytes),
                    classes,
                    key);
        }

        private static TextColumn captions(List<Text> texts, DataSettings settings, int buckets) {
            CaptionReader reader = new CaptionReader(
                    CaptionFeatures.BY_NAME.get("hashed-words").apply(buckets),
                    settings.htmlEntities(),
                    settings.missingCaptions());
            return new TextColumn.Captions(
                    reader, texts.stream().map(Text::isList).toList());
        }

        private static TextColumn given(List<Text> texts) {
            return new TextColumn.Given(
                    texts.stream().map(text -> text.features().orElseThrow()).toList(),
                    texts.stream().map(Text::isList).toList());
        }

        /** The text columns that there are. */
        private List<Text> texts(Columns columns) {
            List<Text> texts = new ArrayList<>();
            for (String name : columns.text()) {
                find("text", name)
                        .flatMap(found -> text(name, found, columns.textKind()))
                        .ifPresent(texts::add);
            }
            if (texts.stream().map(Text::isCaption).distinct().count() > 1) {
                complaints.add("columns %s (data.columns.text) hold captions and features: all must hold the same"
                        .formatted(columns.text()));
            }
            return texts;
        }

        private Optional<Text> text(String name, ColumnNames.Found found, Kind kind) {
            DataType type = found.type();
            boolean isList = type instanceof ArrayType array && isText(array.elementType(), kind);
            DataType one = isList ? ((ArrayType) type).elementType() : type;
            boolean isCaption = one instanceof StringType || one instanceof BinaryType;
            if (kind == Kind.RAW || (kind == Kind.AUTO && isCaption)) {
                if (!isCaption) {
                    complain("text", name, "is %s, not string".formatted(type.simpleString()));
                    return Optional.empty();
                }
                Column bytes = found.column()
                        .cast(isList ? DataTypes.createArrayType(DataTypes.BinaryType) : DataTypes.BinaryType);
                return Optional.of(new Text(bytes, isList, Optional.empty()));
            }
            Optional<GivenFeatures> features = GivenFeatures.of(one);
            if (features.isEmpty()) {
                complain(
                        "text",
                        name,
                        "is %s; %s would do, or lists of one of them%s"
                                .formatted(
                                        type.simpleString(),
                                        GivenFeatures.TYPES,
                                        kind == Kind.AUTO ? ", or string or lists of strings" : ""));
            }
            return features.map(each -> new Text(found.column(), isList, Optional.of(each)));
        }

        /** Whether an element of this type is a text of its own; one of bytes is a number of 16 bits, unless captions are asked for. */
        private static boolean isText(DataType type, Kind kind) {
            return type instanceof StringType
                    || (type instanceof BinaryType
                            ? kind == Kind.RAW
                            : GivenFeatures.of(type).isPresent());
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

        /** How a column's features are stored; empty if it holds pictures. */
        private Optional<GivenFeatures> imageFeatures(String name, DataType type, Kind kind) {
            boolean isRaw = type instanceof BinaryType || type instanceof StringType;
            if (kind == Kind.RAW || (kind == Kind.AUTO && isRaw)) {
                if (!isRaw) {
                    complain("image", name, "is %s, not binary or string".formatted(type.simpleString()));
                }
                return Optional.empty();
            }
            Optional<GivenFeatures> features = GivenFeatures.of(type);
            if (features.isEmpty()) {
                complain(
                        "image",
                        name,
                        "is %s; %s would do%s"
                                .formatted(
                                        type.simpleString(),
                                        GivenFeatures.TYPES,
                                        kind == Kind.AUTO ? ", or binary or string" : ""));
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
