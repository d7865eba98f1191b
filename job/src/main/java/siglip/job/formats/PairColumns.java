package siglip.job.formats;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Columns;
import siglip.job.config.DataSettings.Kind;
import siglip.job.features.CaptionFeatures;
import siglip.job.features.PictureFeatures;

/** Checks the columns that the settings name against those of the files, and finds out what they hold. All complaints come together. */
final class PairColumns {
    private final StructType schema;
    private final List<String> complaints = new ArrayList<>();

    private PairColumns(StructType schema) {
        this.schema = schema;
    }

    /**
     * How to read the columns.
     *
     * @throws DataException naming every column that is missing or of a type that does not do
     */
    static PairReader check(StructType schema, DataSettings settings, int buckets, PictureFiles files) {
        Columns columns = settings.columns();
        PairColumns check = new PairColumns(schema);
        Optional<GivenFeatures> image =
                check.given("image", columns.image(), columns.imageKind(), DataTypes.BinaryType, DataTypes.StringType);
        Optional<GivenFeatures> text = check.given("text", columns.text(), columns.textKind(), DataTypes.StringType);
        columns.keywords().ifPresent(name -> check.keywords(name, text.isEmpty()));
        columns.concept().ifPresent(name -> check.find("concept", name));
        columns.classes().forEach(name -> check.find("classes", name));
        columns.key().ifPresent(name -> check.find("key", name));
        if (!check.complaints.isEmpty()) {
            throw new DataException("Cannot read pairs from %s: %s. Its columns are %s"
                    .formatted(settings.path(), String.join("; ", check.complaints), check.listed()));
        }
        return new PairReader(
                image.<ImageColumn>map(ImageColumn.Given::new)
                        .orElseGet(() -> check.pictures(columns.image(), settings.maxImagePixels(), files)),
                text.<TextColumn>map(TextColumn.Given::new)
                        .orElse(new TextColumn.Captions(new CaptionReader(
                                CaptionFeatures.BY_NAME.get("hashed-words").apply(buckets),
                                settings.htmlEntities(),
                                settings.missingCaptions()))),
                columns.concept().isPresent() || text.isEmpty());
    }

    /** Pictures in the column itself, or in files that it names. */
    private ImageColumn pictures(String column, long maxPixels, PictureFiles files) {
        ImageColumn.Pictures pictures =
                new ImageColumn.Pictures(PictureFeatures.BY_NAME.get("gradients-and-colours"), maxPixels);
        return schema.apply(column).dataType() instanceof StringType
                ? new ImageColumn.PicturePaths(pictures, files)
                : pictures;
    }

    /** How a column's features are stored; empty if it holds pictures or captions. */
    private Optional<GivenFeatures> given(String setting, String name, Kind kind, DataType... raw) {
        Optional<DataType> type = find(setting, name);
        if (type.isEmpty()) {
            return Optional.empty();
        }
        boolean isRaw = Arrays.asList(raw).contains(type.get());
        String rawTypes = Arrays.stream(raw).map(DataType::simpleString).collect(Collectors.joining(" or "));
        Optional<GivenFeatures> features = GivenFeatures.of(type.get());
        if (kind == Kind.RAW || (kind == Kind.AUTO && isRaw)) {
            if (!isRaw) {
                complain(setting, name, "is %s, not %s".formatted(type.get().simpleString(), rawTypes));
            }
            return Optional.empty();
        }
        if (kind == Kind.AUTO && type.get() instanceof BinaryType) {
            complain(
                    setting,
                    name,
                    "is binary: set data.columns.%s-kind = features if it holds float32".formatted(setting));
        } else if (features.isEmpty()) {
            complain(
                    setting,
                    name,
                    "is %s; array<float>, array<double>, binary float32 or Spark's vector would do%s"
                            .formatted(type.get().simpleString(), kind == Kind.AUTO ? ", or " + rawTypes : ""));
        }
        return features;
    }

    private void keywords(String name, boolean captions) {
        Optional<DataType> type = find("keywords", name);
        boolean strings =
                type.isPresent() && type.get() instanceof ArrayType array && array.elementType() instanceof StringType;
        if (type.isPresent() && !strings) {
            complain(
                    "keywords",
                    name,
                    "is %s, not array<string>".formatted(type.get().simpleString()));
        }
        if (!captions) {
            complain("keywords", name, "goes with captions, but the text column holds features");
        }
    }

    private Optional<DataType> find(String setting, String name) {
        if (!Arrays.asList(schema.fieldNames()).contains(name)) {
            complaints.add("no column '%s' (data.columns.%s)".formatted(name, setting));
            return Optional.empty();
        }
        return Optional.of(schema.apply(name).dataType());
    }

    private void complain(String setting, String name, String what) {
        complaints.add("column '%s' (data.columns.%s) %s".formatted(name, setting, what));
    }

    private String listed() {
        return String.join(
                ", ",
                Arrays.stream(schema.fields())
                        .map(field -> field.name() + " " + field.dataType().simpleString())
                        .toList());
    }
}
