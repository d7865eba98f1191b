package siglip.job.formats;

import static org.apache.spark.sql.functions.col;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
import siglip.job.files.FoundFiles;
import siglip.job.files.FoundFiles.Found;

/**
 * A folder of pictures, with folders below. Either {@code metadata.csv} or {@code metadata.jsonl} lie in it, whose column {@code file_name}
 * names the pictures of that folder and of those below, or each picture may have a {@code .txt} of its name.
 */
record FolderFormat() implements DataFormat {
    /** Names of picture files end so; formats that cannot be read among them, so that they are seen and told. */
    static final List<String> PICTURES = List.of(
            "jpg", "jpeg", "jpe", "jfif", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jxl",
            "jp2", "svg");

    private static final String IMAGE = "image";
    private static final String FILE_NAME = "file_name";
    private static final List<String> COLUMNS = List.of(IMAGE, "caption", FILE_NAME, "folder");
    private static final int PICTURES_OF_A_TASK = 1000;
    private static final int MOST_TEXT = 1 << 20;

    static boolean isMetadata(Found file) {
        String name = file.name().substring(file.folder().length());
        return name.equals("metadata.csv") || name.equals("metadata.jsonl");
    }

    /** Whether a picture has a text of its name. */
    static boolean haveTexts(FoundFiles all) {
        Set<String> texts = stems(all.ending(List.of("txt")));
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
        return metadata.isEmpty() ? withTexts(spark, all, pictures) : withMetadata(spark, metadata, pictures);
    }

    private static DataRows withTexts(SparkSession spark, FoundFiles all, FoundFiles pictures) {
        Map<String, List<Found>> byFolder = pictures.files().stream()
                .collect(Collectors.groupingBy(Found::folder, TreeMap::new, Collectors.toList()));
        FoundFiles textFiles = all.ending(List.of("txt"));
        NavigableSet<String> texts = stems(textFiles);
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
                        some.stream()
                                .map(picture -> texts.contains(stem(picture)))
                                .toList()));
            }
        });
        texts.removeAll(stems(pictures));
        return FileRows.counted(
                "folder of pictures with texts"
                        + (texts.isEmpty() ? "" : "; %d *.txt have no picture".formatted(texts.size())),
                FileRows.table(spark, parts, COLUMNS),
                folders);
    }

    private static DataRows withMetadata(SparkSession spark, FoundFiles metadata, FoundFiles pictures) {
        boolean separated = metadata.files().get(0).suffix().equals("csv");
        if (metadata.files().stream().anyMatch(file -> file.suffix().equals("csv") != separated)) {
            throw new DataException(
                    "Cannot read pairs from %s: there are both metadata.csv and metadata.jsonl. Keep one of them"
                            .formatted(metadata.path()));
        }
        List<String> columns = separated
                ? SeparatedFormat.columns(metadata, ',', spark.sparkContext().hadoopConfiguration())
                : List.of(JsonFormat.LINE);
        NavigableSet<String> withMetadata =
                metadata.files().stream().map(Found::folder).collect(Collectors.toCollection(TreeSet::new));
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
                        separated ? columns.indexOf(FILE_NAME) : -1,
                        governed.getOrDefault(file.folder(), List.of()).stream()
                                .map(name -> name.substring(file.folder().length()))
                                .toList()))
                .toList();
        Dataset<Row> rows = FileRows.table(spark, sources, columns);
        Dataset<Row> table = separated ? rows : JsonFormat.parsed(metadata.path(), rows);
        if (!List.of(table.columns()).contains(FILE_NAME)) {
            throw new DataException("Cannot read pairs from %s: %s has no column 'file_name' that names the pictures"
                    .formatted(metadata.path(), metadata.files().get(0).name()));
        }
        return FileRows.counted(
                "folder of pictures with " + (separated ? "metadata.csv" : "metadata.jsonl"),
                table.withColumn(IMAGE, col(FILE_NAME)),
                metadata);
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

    private static NavigableSet<String> stems(FoundFiles files) {
        return files.files().stream().map(FolderFormat::stem).collect(Collectors.toCollection(TreeSet::new));
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

    /** Some pictures of a folder, those after each other by name. */
    private record Part(String uri, int first, List<Found> pictures, List<Boolean> haveText)
            implements FileRows.Source {
        @Override
        public Iterator<Row> rows(Configuration hadoop) {
            return IntStream.range(0, pictures.size())
                    .mapToObj(i -> row(i, hadoop))
                    .iterator();
        }

        private Row row(int i, Configuration hadoop) {
            Found picture = pictures.get(i);
            String name = picture.name().substring(picture.folder().length());
            String folder = picture.folder().isEmpty()
                    ? null
                    : picture.folder().substring(0, picture.folder().length() - 1);
            long row = (long) first + i;
            try {
                String caption = haveText.get(i) ? text(picture, hadoop) : null;
                return FileRows.valid(uri, row, name, caption, name, folder);
            } catch (CharacterCodingException e) {
                return FileRows.faulty(uri, row, "text is not valid UTF-8", COLUMNS.size());
            } catch (TooLong e) {
                return FileRows.faulty(uri, row, e.getMessage(), COLUMNS.size());
            } catch (IOException e) {
                throw new DataException("Cannot read the text of %s: %s".formatted(picture.uri(), e.getMessage()), e);
            }
        }

        private static String text(Found picture, Configuration hadoop) throws IOException {
            Path path = picture.path();
            String name = path.getName();
            Path text =
                    new Path(path.getParent(), new Path(null, null, name.substring(0, name.lastIndexOf('.')) + ".txt"));
            Found file = new Found(text.toUri().toString(), name, 0);
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

    /** The lines of a metadata file, then the pictures that none of them names. */
    private record Metadata(Found file, FileRows.Source lines, int fileName, List<String> pictures)
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
                        left.pollFirst();
                        return FileRows.faulty(file.uri(), number, "picture without a line in the metadata", width);
                    }
                    Row row = read.next();
                    width = row.size() - 3;
                    if (row.isNullAt(2)) {
                        left.remove(named(row, json));
                    }
                    return row;
                }

                private int width = 1;
            };
        }

        private String named(Row row, ObjectMapper json) {
            if (fileName >= 0) {
                return row.isNullAt(3 + fileName) ? "" : row.getString(3 + fileName);
            }
            try {
                return json.readTree(row.getString(3)).path(FILE_NAME).asText();
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
