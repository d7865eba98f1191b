package siglip.job.formats;

import static org.apache.spark.sql.functions.col;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import siglip.job.files.FoundFiles;
import siglip.job.files.FoundFiles.Found;
import siglip.job.formats.FileRows.Chosen;
import siglip.job.formats.JsonFormat.Parsed;

/**
 * A folder of pictures, with folders below. Either {@code metadata.csv} or {@code metadata.jsonl} lie in it, whose column {@code file_name}
 * names the pictures of that folder and of those below, or each picture may have a {@code .txt} of its name. People know a row by its picture.
 */
record FolderFormat() implements DataFormat {
    /** Names of picture files end so; formats that cannot be read among them, so that they are seen and told. */
    static final List<String> PICTURES = List.of(
            "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jxl",
            "jp2", "svg");

    private static final String IMAGE = "image";
    private static final String CAPTION = "caption";
    private static final String FILE_NAME = "file_name";
    private static final StructType COLUMNS = ColumnNames.ofStrings(List.of(IMAGE, CAPTION, FILE_NAME, "folder"));
    private static final int PICTURES_OF_A_TASK = 1000;
    private static final int MOST_TEXT = 1 << 20;

    static boolean isMetadata(Found file) {
        String name = file.name().substring(file.folder().length());
        return name.equalsIgnoreCase("metadata.csv") || name.equalsIgnoreCase("metadata.jsonl");
    }

    /** Whether a picture has a text of its name. */
    static boolean haveTexts(FoundFiles all) {
        Set<String> texts = byStem(all).keySet();
        return all.ending(PICTURES).files().stream().anyMatch(picture -> texts.contains(stem(picture)));
    }

    @Override
    public DataRows read(SparkSession spark, Request request) {
        FoundFiles all = FileRows.files(spark, request.path());
        FoundFiles pictures = all.ending(PICTURES);
        FoundFiles metadata = all.where(FolderFormat::isMetadata);
        if (pictures.isEmpty()) {
            throw new DataException(
                    "Cannot read pairs from %s: it holds %s, and no pictures".formatted(request.path(), all.counts()));
        }
        boolean captions = request.columns().stream().anyMatch(CAPTION::equalsIgnoreCase);
        return FileRows.withNames(
                metadata.isEmpty()
                        ? withTexts(spark, all, pictures, captions)
                        : withMetadata(spark, all, metadata, pictures, request.columns()));
    }

    private static DataRows withTexts(SparkSession spark, FoundFiles all, FoundFiles pictures, boolean captions) {
        Map<String, List<Found>> byFolder = pictures.files().stream()
                .collect(Collectors.groupingBy(Found::folder, TreeMap::new, Collectors.toList()));
        Map<String, List<Found>> texts = byStem(all);
        List<DataFile> folders = new ArrayList<>();
        List<Part> parts = new ArrayList<>();
        byFolder.forEach((folder, inside) -> {
            String uri = uri(inside.get(0), folder);
            long bytes = inside.stream().mapToLong(Found::bytes).sum();
            folders.add(new DataFile(uri, folder + "*", bytes, inside.size()));
            for (int first = 0; first < inside.size(); first += PICTURES_OF_A_TASK) {
                List<Found> some = inside.subList(first, Math.min(inside.size(), first + PICTURES_OF_A_TASK));
                parts.add(new Part(
                        uri,
                        first,
                        List.copyOf(some),
                        captions,
                        some.stream()
                                .map(picture -> texts.getOrDefault(stem(picture), List.of()))
                                .toList()));
            }
        });
        Map<String, String> ignored = FileRows.ignored(all, pictures, "neither a picture nor its text");
        texts.values().forEach(files -> files.forEach(file -> ignored.put(file.name(), "text without a picture")));
        pictures.files().forEach(picture -> texts.getOrDefault(stem(picture), List.of())
                .forEach(file -> ignored.remove(file.name())));
        return FileRows.counted(
                "folder of pictures with texts", FileRows.table(spark, parts, COLUMNS), COLUMNS, folders, ignored);
    }

    private static DataRows withMetadata(
            SparkSession spark, FoundFiles all, FoundFiles metadata, FoundFiles pictures, List<String> asked) {
        boolean separated = metadata.files().get(0).suffix().equals("csv");
        NavigableSet<String> withMetadata =
                metadata.files().stream().map(Found::folder).collect(Collectors.toCollection(TreeSet::new));
        if (withMetadata.size() < metadata.files().size()
                || metadata.files().stream().anyMatch(file -> file.suffix().equals("csv") != separated)) {
            throw new DataException(
                    "Cannot read pairs from %s: there are %s. Keep one in each folder, all metadata.csv or all metadata.jsonl"
                            .formatted(
                                    metadata.path(),
                                    metadata.files().stream().map(Found::name).collect(Collectors.joining(", "))));
        }
        List<String> used = new ArrayList<>(asked);
        used.add(FILE_NAME);
        StructType lines = separated
                ? SeparatedFormat.columns(metadata, ',', spark.sparkContext().hadoopConfiguration())
                : ColumnNames.ofStrings(List.of(JsonFormat.LINE));
        StructType stored = separated ? ColumnNames.only(lines, used) : lines;
        List<String> columns = List.of(stored.fieldNames());
        Map<String, List<String>> governed = pictures.files().stream()
                .collect(Collectors.groupingBy(
                        picture -> governing(picture.folder(), withMetadata),
                        Collectors.mapping(Found::name, Collectors.toList())));
        if (governed.containsKey("none")) {
            throw new DataException(
                    "Cannot read pairs from %s: %d pictures, the first is %s, lie in folders without metadata, while there is %s. Add metadata to those folders, or set data.path to a folder that has some"
                            .formatted(
                                    metadata.path(),
                                    governed.get("none").size(),
                                    governed.get("none").get(0),
                                    metadata.files().get(0).name()));
        }
        List<Metadata> sources = metadata.files().stream()
                .map(file -> new Metadata(
                        file,
                        separated ? new SeparatedFormat.File(file, ',', columns) : new JsonFormat.File(file),
                        columns,
                        governed.getOrDefault(file.folder(), List.of()).stream()
                                .map(name -> name.substring(file.folder().length()))
                                .toList()))
                .toList();
        Dataset<Row> rows = FileRows.table(spark, sources, stored);
        Parsed parsed = separated ? new Parsed(rows, lines) : JsonFormat.parsed(metadata.path(), rows, used);
        Dataset<Row> table = parsed.table();
        StructType withImage = new StructType(Arrays.stream(parsed.columns().fields())
                        .filter(field -> !field.name().equals(IMAGE))
                        .toArray(StructField[]::new))
                .add(IMAGE, DataTypes.StringType);
        ColumnNames.tellApart(table.sparkSession(), withImage);
        if (!List.of(table.columns()).contains(FILE_NAME)) {
            throw new DataException("Cannot read pairs from %s: %s has no column 'file_name' that names the pictures"
                    .formatted(metadata.path(), metadata.files().get(0).name()));
        }
        return FileRows.counted(
                "folder of pictures with " + (separated ? "metadata.csv" : "metadata.jsonl"),
                table.withColumn(IMAGE, col(FILE_NAME)),
                withImage,
                new Chosen(
                        metadata,
                        FileRows.ignored(
                                all,
                                all.where(file -> isMetadata(file) || PICTURES.contains(file.suffix())),
                                "neither a picture nor metadata")));
    }

    /** The nearest folder, from that of a picture up, which has metadata. */
    private static String governing(String folder, Set<String> withMetadata) {
        String above = folder;
        while (!withMetadata.contains(above)) {
            if (above.isEmpty()) {
                return "none"; // no folder: it has no slash at its end
            }
            above = above.substring(0, above.lastIndexOf('/', above.length() - 2) + 1);
        }
        return above;
    }

    /** What rows of a folder have in place of a file's address: it lies in that folder, and is told apart from those of others. */
    private static String uri(Found inside, String folder) {
        Path parent = inside.path().getParent();
        return new Path(
                        parent.toUri().getScheme(),
                        parent.toUri().getAuthority(),
                        parent.toUri().getPath() + "/" + folder.replace('/', ':') + "*")
                .toUri()
                .toString();
    }

    /** Texts by their names without what these end with, which may be in upper case. */
    private static Map<String, List<Found>> byStem(FoundFiles all) {
        return all.ending(List.of("txt")).files().stream().collect(Collectors.groupingBy(FolderFormat::stem));
    }

    private static String stem(Found file) {
        return file.name().substring(0, file.name().length() - file.suffix().length());
    }

    /** Of a text that is no caption. */
    private static final class TooLong extends IOException {
        private static final long serialVersionUID = 1L;

        TooLong() {
            super("text of more than 1 MiB");
        }
    }

    /**
     * Some pictures of a folder, those after each other by name.
     *
     * @param captions whether anybody asks for them
     * @param texts of each picture
     */
    private record Part(String uri, int first, List<Found> pictures, boolean captions, List<List<Found>> texts)
            implements FileRows.Source {
        @Override
        public Iterator<Row> rows(Configuration hadoop) {
            return IntStream.range(0, pictures.size())
                    .mapToObj(i -> row(i, hadoop))
                    .iterator();
        }

        private Row row(int i, Configuration hadoop) {
            Found picture = pictures.get(i);
            long row = (long) first + i;
            return FileRows.named(
                    picture.name(), captions ? captioned(picture, row, texts.get(i), hadoop) : row(picture, row, null));
        }

        private Row row(Found picture, long row, String caption) {
            String name = picture.name().substring(picture.folder().length());
            String folder = picture.folder().isEmpty()
                    ? null
                    : picture.folder().substring(0, picture.folder().length() - 1);
            return FileRows.valid(uri, row, name, caption, name, folder);
        }

        private Row captioned(Found picture, long row, List<Found> own, Configuration hadoop) {
            if (own.size() != 1) {
                return faulty(row, own.isEmpty() ? "no text file" : "more than one text file");
            }
            try {
                return row(picture, row, text(own.get(0), hadoop));
            } catch (CharacterCodingException e) {
                return faulty(row, "text is not valid UTF-8");
            } catch (TooLong e) {
                return faulty(row, e.getMessage());
            } catch (IOException e) {
                throw new DataException("Cannot read the text of %s: %s".formatted(picture.uri(), e.getMessage()), e);
            }
        }

        private Row faulty(long row, String reason) {
            return FileRows.faulty(uri, row, reason, COLUMNS.size());
        }

        private static String text(Found file, Configuration hadoop) throws IOException {
            try (InputStream in = file.open(hadoop)) {
                byte[] bytes = in.readNBytes(MOST_TEXT + 1);
                if (bytes.length > MOST_TEXT) {
                    throw new TooLong();
                }
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(bytes))
                        .toString()
                        .strip();
            }
        }
    }

    /**
     * The lines of a metadata file, then the pictures that none of them names.
     *
     * @param columns of the lines, or that of the lines themselves
     * @param pictures names as lines would have them
     */
    private record Metadata(Found file, FileRows.Source lines, List<String> columns, List<String> pictures)
            implements FileRows.Source {
        @Override
        public Iterator<Row> rows(Configuration hadoop) throws IOException {
            Iterator<Row> read = lines.rows(hadoop);
            ObjectMapper json = new ObjectMapper();
            NavigableSet<String> left = new TreeSet<>(pictures);
            return new FileRows.Numbered(file.uri(), () -> {}) {
                @Override
                boolean more() {
                    return read.hasNext() || !left.isEmpty();
                }

                @Override
                Row read(long number) throws IOException {
                    if (!read.hasNext()) {
                        return FileRows.named(
                                file.folder() + left.pollFirst(),
                                FileRows.faulty(
                                        file.uri(), number, "picture without a line in the metadata", columns.size()));
                    }
                    Row row = read.next();
                    left.remove(picture(row, json));
                    return row;
                }
            };
        }

        /** The picture that a line names; empty if it names none. */
        private String picture(Row row, ObjectMapper json) {
            if (columns.contains(FILE_NAME)) {
                return FileRows.cell(row, columns.indexOf(FILE_NAME)).orElse("");
            }
            try {
                return json.readTree(FileRows.cell(row, 0).orElse(""))
                        .path(FILE_NAME)
                        .asText();
            } catch (IOException e) {
                return ""; // no JSON: the row is found to be faulty where it is parsed
            }
        }

        @Override
        public String toString() {
            return file.uri();
        }
    }
}
