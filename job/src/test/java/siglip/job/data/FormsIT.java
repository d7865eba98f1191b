package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import siglip.job.config.DataSettings;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;
import siglip.job.pictures.PicturesTest;

/** The same few pictures in each form in which people keep them. */
class FormsIT extends OnLocalSpark {
    private static final int PICTURES = 12;
    private static final StructType PATHS =
            new StructType().add("image", DataTypes.StringType).add("text", DataTypes.StringType);

    @Test
    void pathsMeanTheirPicturesWhereverTheyStart() throws IOException {
        List<Integer> expected = expected();
        Path pictures = pictures(folder.resolve("set/a b%20ü"));
        String scheme = pictures.toUri().toString();
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            String name = name(i);
            String path = List.of(
                            "../a b%20ü/" + name,
                            pictures.resolve(name).toString(),
                            "file:" + pictures.resolve(name),
                            "./../a b%20ü/" + name)
                    .get(i % 4);
            rows.add(RowFactory.create(path, caption(i)));
        }
        String table = TestData.write(spark, folder.resolve("set/pairs"), PATHS, rows);

        assertThat(scheme).contains("%20");
        try (PairData data = open(TestData.features(table))) {
            assertThat(pictures(data)).isEqualTo(expected);
        }
    }

    @Test
    void pathsWithoutAPictureAreSkippedWithTheirReason() throws IOException, InterruptedException {
        Path pictures = pictures(folder.resolve("pictures"));
        Files.createDirectories(pictures.resolve("below.png"));
        try (RandomAccessFile large =
                new RandomAccessFile(pictures.resolve("large.png").toFile(), "rw")) {
            large.setLength((256L << 20) + 1);
        }
        Files.writeString(pictures.resolve("words.png"), "no picture");
        assertThat(new ProcessBuilder("mkfifo", pictures.resolve("pipe.png").toString())
                        .start()
                        .waitFor(20, TimeUnit.SECONDS))
                .isTrue();
        List<Row> rows = IntStream.range(0, PICTURES)
                .mapToObj(i -> RowFactory.create("../pictures/" + name(i), caption(i)))
                .collect(Collectors.toCollection(ArrayList::new));
        for (String path : List.of(
                "../pictures/none.png",
                "../pictures/below.png",
                "../pictures/large.png",
                "../pictures/words.png",
                "../pictures/pipe.png",
                "https://example.org/a.png",
                "strange://host/a.png",
                " ")) {
            rows.add(RowFactory.create(path, "a caption"));
        }
        String table = TestData.write(spark, folder.resolve("pairs"), PATHS, rows);

        assertThatThrownBy(() -> open(TestData.features(table)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("picture file not found: 1 (part-00000")
                .hasMessageContaining("row 12)");
        try (PairData data = open(TestData.features(table, "data.max-skipped-share=1"))) {
            assertThat(data.summary().training()).isEqualTo(PICTURES);
            assertThat(reasons(data))
                    .containsExactly(
                            "no image",
                            "picture file cannot be read: no file system for strange is on the class path: the library that has it is needed (spark-submit --packages)",
                            "picture file has more than 256 MiB",
                            "picture file is a folder",
                            "picture file not found",
                            "picture is an address of the web (https), which is never fetched: download the pictures first, for example with img2dataset",
                            "plain text stands where the picture should be",
                            "the picture is empty");
        }
    }

    @Test
    void aPictureThatChangesInItsFileChangesTheFingerprint() throws IOException {
        Path pictures = pictures(folder.resolve("pictures"));
        String table = TestData.write(
                spark, folder.resolve("pairs"), PATHS, List.of(RowFactory.create("../pictures/" + name(0), "one")));
        String before = fingerprint(table);

        assertThat(fingerprint(table)).isEqualTo(before);
        Files.copy(pictures.resolve(name(1)), pictures.resolve(name(0)), StandardCopyOption.REPLACE_EXISTING);
        assertThat(fingerprint(table)).isNotEqualTo(before);
    }

    @Test
    void listsOfPathsAreReadInTheOrderOfTheirLines() throws IOException {
        List<Integer> expected = expected();
        pictures(folder.resolve("set/pictures"));
        for (String suffix : List.of("csv", "tsv", "jsonl", "json")) {
            Path list = folder.resolve("set/list." + suffix);
            Files.writeString(list, list(suffix));
            for (int bytes : new int[] {100, 100_000}) {
                spark.conf().set("spark.sql.files.maxPartitionBytes", bytes);
                try (PairData data = open(features(list, "data.columns.image=filepath", "data.columns.text=title"))) {
                    assertThat(pictures(data)).as(suffix).isEqualTo(expected);
                    assertThat(data.summary().concepts()).isEqualTo(PICTURES);
                    assertThat(data.summary().form()).isEqualTo(suffix.equals("jsonl") ? "json" : suffix);
                }
            }
        }
        assertThatThrownBy(() -> open(features(folder.resolve("set"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("12 *.png, 1 *.")
                .hasMessageContaining("Set data.format to one of csv, tsv, json");
        try (PairData data = open(features(
                folder.resolve("set"), "data.format=tsv", "data.columns.image=filepath", "data.columns.text=title"))) {
            assertThat(data.summary().training()).isEqualTo(PICTURES);
            assertThat(ignored(data))
                    .containsExactly(
                            "not named *.tsv: 3 (list.csv; list.json; list.jsonl)",
                            "pictures, which are read where rows name them: 12 (pictures/p00.png; pictures/p01.png; pictures/p02.png; pictures/p03.png; pictures/p04.png)");
        }
        Files.write(folder.resolve("set/empty.json"), new byte[0]);
        try (PairData data = open(features(
                folder.resolve("set"), "data.format=json", "data.columns.image=filepath", "data.columns.text=title"))) {
            assertThat(data.summary().training()).isEqualTo(2 * PICTURES);
            assertThat(ignored(data))
                    .contains(
                            "empty: 1 (empty.json)",
                            "not named *.jsonl, *.ndjson or *.json (apart from *_stats.json): 2 (list.csv; list.tsv)");
        }
        assertThatThrownBy(() -> open(features(folder.resolve("set/empty.json"))))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("it holds 1 *.json, and none is *.jsonl, *.ndjson or *.json")
                .hasMessageContaining(" with anything in it");
    }

    /** All lines in one list, with cells of several lines, quotes and commas. */
    private static String list(String suffix) {
        StringBuilder list = new StringBuilder();
        for (int i = 0; i < PICTURES; i++) {
            String path = "pictures/" + name(i);
            if (suffix.startsWith("json")) {
                String before = suffix.equals("jsonl") ? "" : i == 0 ? "[" : ",";
                list.append("%s{\"filepath\": \"%s\", \"title\": \"%s\"}\n"
                        .formatted(before, path, caption(i).replace("\"", "\\\"")));
            } else {
                list.append(i == 0 ? "filepath,title\n\n".replace(",", suffix.equals("csv") ? "," : "\t") : "")
                        .append(path)
                        .append(suffix.equals("csv") ? "," : "\t")
                        .append('"')
                        .append(caption(i).replace("\"", "\"\""))
                        .append(i % 2 == 0 ? "\r\nsecond line\"\r\n" : "\"\n");
            }
        }
        return list.append(suffix.equals("json") ? "]" : "").toString();
    }

    @Test
    void theFirstLineOfAListShowsItsSeparator() throws IOException {
        pictures(folder.resolve("pictures"));
        Map<String, String> lists = Map.of(
                "bar.csv", "image| number| text\npictures/p00.png| 0| one, two; \"three\"\n",
                "semicolon.csv", "\ufeffimage;text\npictures/p00.png;\"one, two; \"\"three\"\"\"\n",
                "tab.csv", "\n image \ttext\npictures/p00.png\tone, two; \"three\"\n",
                "comma.tsv", "\"image|x;y\",image,text\n,pictures/p00.png,\"one, two; \"\"three\"\"\"\n");
        for (Map.Entry<String, String> list : lists.entrySet()) {
            Files.writeString(folder.resolve(list.getKey()), list.getValue());
            try (PairData data = open(features(folder.resolve(list.getKey())))) {
                assertThat(data.firstRows(1))
                        .as(list.getKey())
                        .extracting(row -> row.captions().get(0).strip())
                        .containsExactly("one, two; \"three\"");
                assertThat(data.summary().training()).isEqualTo(1);
            }
        }
    }

    @Test
    void annotationsOfCocoAreToldFromObjectsOfPictures() throws IOException {
        pictures(folder.resolve("set/pictures"));
        Path annotations = Files.createDirectories(folder.resolve("set/annotations"));
        String coco =
                """
                {"info": {"images": [{}]}, "licenses": [{"id": 1}], "images": [%s{"id": 9, "file_name": "p00.png"}, {"id": 8, "file_name": "p01.png"}],
                "annotations": [{"image_id": 9, "id": 1, "caption": "one"}, {"image_id": 9, "id": 2, "caption": "two"}]}
                """;
        for (String text : List.of(coco.formatted("").replace("\n", ""), coco.formatted("\n"))) {
            Files.writeString(annotations.resolve("captions_train2017.json"), text);
            assertThatThrownBy(() -> open(features(folder.resolve("set"))))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("annotations/captions_train2017.json is one object with a list")
                    .hasMessageContaining("docs/data.md has the few lines of Python");
        }
        Path boxes = folder.resolve("set/boxes.json");
        Files.writeString(
                boxes, "{\"annotations\": [{\"box\": [1]}], \"image\": \"pictures/p00.png\", \"text\": \"one\"}\n");
        try (PairData data = open(features(boxes))) {
            assertThat(data.summary().training()).isEqualTo(1);
        }
    }

    @Test
    void brokenLinesAreCountedAndAnOpenQuoteIsAnError() throws IOException {
        pictures(folder.resolve("pictures"));
        Path list = folder.resolve("list.csv");
        byte[] lines = ("\ufeffimage,text,more\n"
                        + "pictures/p00.png,one\n"
                        + "pictures/p01.png,\"two\" and,\n"
                        + "pictures/p02.png,three\u00e9,\n"
                        + "pictures/p03.png,four,\n")
                .getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < lines.length; i++) {
            lines[i] = lines[i] == (byte) 0xa9 ? (byte) 'x' : lines[i]; // half of the letter
        }
        Files.write(list, lines);
        try (PairData data = open(features(list, "data.max-skipped-share=1"))) {
            assertThat(reasons(data))
                    .containsExactly(
                            "line of 2 cells, the first line of the file has 3",
                            "text after a closing quote",
                            "text is not valid UTF-8");
            assertThat(data.summary().rows()).isEqualTo(4);
            assertThat(data.summary().skipped().get(0).examples()).containsExactly("list.csv, row 0");
        }
        Files.writeString(list, "image,text\npictures/p00.png,one\npictures/p01.png,\"two\npictures/p02.png,three\n");
        assertThatThrownBy(() -> open(features(list)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("a quote opens in record 2 and is not closed");

        Path json = folder.resolve("list.jsonl");
        Files.writeString(
                json,
                "{\"image\": \"pictures/p00.png\", \"text\": \"one\"}\n{\"image\": \"pictures/p0\n\n"
                        + "{\"image\": \"pictures/p01.png\", \"text\": \"two\"}\n");
        try (PairData data = open(features(json, "data.max-skipped-share=1"))) {
            assertThat(data.summary().training()).isEqualTo(2);
            assertThat(reasons(data)).containsExactly("line is no JSON object, or of other types than most");
        }
        Files.writeString(json, "no JSON\n");
        assertThatThrownBy(() -> open(features(json))).hasMessageContaining("no line of it is a JSON object");
    }

    @Test
    void columnsOfListsWhoseNamesDifferInCaseAloneAreToldApart() throws IOException {
        pictures(folder.resolve("pictures"));
        Path set = pictures(folder.resolve("set"));
        Map<Path, String> lists = Map.of(
                folder.resolve("list.csv"), "image,caption,Caption\npictures/p00.png,small,Large\n",
                folder.resolve("list.tsv"), "image\tcaption\tCaption\npictures/p00.png\tsmall\tLarge\n",
                folder.resolve("list.jsonl"),
                        "{\"image\": \"pictures/p00.png\", \"caption\": \"small\", \"Caption\": \"Large\"}\n",
                set.resolve("metadata.csv"), "file_name,caption,Caption,Image\np00.png,small,Large,other\n");
        for (Map.Entry<Path, String> list : lists.entrySet()) {
            Files.writeString(list.getKey(), list.getValue());
            boolean metadata = list.getKey().startsWith(set);
            Path path = metadata ? set : list.getKey();
            for (String text : List.of("caption", "Caption")) {
                try (PairData data = open(features(
                        path,
                        "data.columns.text=" + text,
                        "data.train=\"Caption = 'Large' and caption = 'small'\"",
                        "data.max-skipped-share=1"))) {
                    assertThat(data.firstRows(1))
                            .as(list.getKey().toString())
                            .extracting(FirstRow::captions)
                            .containsExactly(List.of(text.equals("caption") ? "small" : "Large"));
                }
            }
            assertThatThrownBy(
                            () -> open(features(path, "data.columns.text=caption", "data.train=\"CAPTION = 'Large'\"")))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("no column 'CAPTION' (data.train), but ")
                    .hasMessageContaining(": the case counts, as some names differ in it alone")
                    .hasMessageNotContaining("AMBIGUOUS");
        }
        Files.writeString(folder.resolve("list.csv"), "image,caption,caption\npictures/p00.png,small,Large\n");
        assertThatThrownBy(() -> open(features(folder.resolve("list.csv"))))
                .hasMessageContaining("each by another name, but the name of column 3 is 'caption' again");
    }

    /** Spark alone takes minutes for each of these: the columns that nobody asks for never reach it. */
    @Test
    void columnsThatAreNotUsedCostNothing() throws IOException {
        pictures(folder.resolve("pictures"));
        Path csv = folder.resolve("wide.csv");
        String row = "pictures/p00.png,one" + ",1".repeat(60_000) + "\n";
        Files.writeString(csv, "image,text," + numbered(60_000, "c%d", ",") + "\n" + row.repeat(3));
        Path json = folder.resolve("wide.jsonl");
        String line = "{\"image\": \"pictures/p00.png\", \"text\": \"one\", %s}%n"
                .formatted(numbered(5000, "\"c%d\": 1", ","));
        Files.writeString(json, line.repeat(3));
        Path set = pictures(folder.resolve("set"));
        Files.writeString(
                set.resolve("metadata.csv"),
                "text," + numbered(20_000, "c%d", ",") + ",file_name\n" + "one" + ",1".repeat(20_000) + ",p00.png\n");
        for (Path path : List.of(csv, json, set)) {
            assertTimeoutPreemptively(
                    Duration.ofSeconds(60),
                    () -> {
                        try (PairData data = open(features(path, "data.max-skipped-share=1"))) {
                            assertThat(data.firstRows(1))
                                    .extracting(FirstRow::captions)
                                    .containsExactly(List.of("one"));
                        }
                        assertThatThrownBy(() -> open(features(path, "data.columns.text=zebra")))
                                .isInstanceOf(DataException.class)
                                .hasMessageContaining("no column 'zebra' (data.columns.text)")
                                .hasMessageContaining("c10 ")
                                .hasMessageMatching("(?s).* and \\d+ more.*");
                    },
                    path.toString());
        }
    }

    @Test
    void objectsWhoseFieldsAreNamedByDataAreRefused() throws IOException {
        Path json = folder.resolve("ids.jsonl");
        Files.writeString(
                json,
                IntStream.range(0, 10_001)
                        .mapToObj("{\"image\": \"a.png\", \"text\": \"one\", \"more\": {\"id%d\": 1}}"::formatted)
                        .collect(Collectors.joining("\n")));
        assertThatThrownBy(() -> open(features(json)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("its objects have more than 10,000 different fields, such as ")
                .hasMessageContaining("as values");
    }

    private static String numbered(int count, String name, String separator) {
        return IntStream.range(0, count).mapToObj(name::formatted).collect(Collectors.joining(separator));
    }

    @Test
    void featuresInJsonLinesAreRead() throws IOException {
        Path json = folder.resolve("features.jsonl");
        Files.writeString(json, "{\"image\": [1.5, 2], \"text\": [3.25]}\n{\"image\": [4, 5], \"text\": [6]}\n");
        try (PairData data = open(features(json))) {
            float[] image = new float[2];
            data.training().image(1, image, 0);
            assertThat(data.shape()).isEqualTo(new PairShape(2, 1));
        }
    }

    @Test
    void aFolderOfPicturesHasTextsBesideThem() throws IOException {
        List<Integer> expected = expected();
        Path set = folder.resolve("my [best] photos");
        pictures(set.resolve("cats"));
        for (int i = 0; i < PICTURES; i++) {
            Path picture = set.resolve("cats").resolve(name(i));
            Files.writeString(set.resolve("cats").resolve(name(i).replace(".png", ".txt")), caption(i) + "\n");
            if (i >= 6) {
                Files.createDirectories(set.resolve("dogs/small"));
                Files.move(picture, set.resolve("dogs/small").resolve(name(i).replace(".png", ".PNG")));
                Files.move(
                        set.resolve("cats").resolve(name(i).replace(".png", ".txt")),
                        set.resolve("dogs/small").resolve(name(i).replace(".png", ".txt")));
            }
        }
        Files.move(set.resolve("cats/p01.txt"), set.resolve("cats/p01.TXT"));
        Files.writeString(set.resolve("README.txt"), "about");
        Files.writeString(set.resolve("cats/list.csv"), "about");
        try (PairData data = open(features(set, "data.columns.text=caption", "data.columns.concept=folder"))) {
            assertThat(pictures(data)).isEqualTo(expected);
            assertThat(data.summary().concepts()).as("folders").isEqualTo(2);
            assertThat(data.summary().form()).isEqualTo("folder of pictures with texts");
            assertThat(ignored(data))
                    .containsExactly(
                            "neither a picture nor its text: 1 (cats/list.csv)",
                            "text without a picture: 1 (README.txt)");
            assertThat(data.firstRows(7))
                    .extracting(FirstRow::place)
                    .startsWith("cats/p00.png", "cats/p01.png")
                    .endsWith("dogs/small/p06.PNG");
        }
        Files.writeString(set.resolve("cats/p03.txt"), "a".repeat((1 << 20) + 1));
        assertThatThrownBy(() -> open(features(set, "data.columns.text=caption")))
                .hasMessageContaining("text of more than 1 MiB: 1 (cats/p03.png)");
        Files.write(set.resolve("cats/p03.txt"), new byte[0]);
        Files.write(set.resolve("cats/p04.txt"), new byte[] {(byte) 0xe9});
        Files.writeString(set.resolve("cats/p05.TXT"), "another");
        Files.delete(set.resolve("dogs/small/p07.txt"));
        Files.delete(set.resolve("dogs/small/p08.txt"));
        assertThatThrownBy(() -> open(features(set, "data.columns.text=caption")))
                .hasMessageContaining("empty caption: 1 (cats/p03.png)")
                .hasMessageContaining("text is not valid UTF-8: 1 (cats/p04.png)")
                .hasMessageContaining("more than one text file: 1 (cats/p05.png)")
                .hasMessageContaining("no text file: 2 (dogs/small/p07.PNG; dogs/small/p08.PNG)");
        assertThatThrownBy(() -> open(features(
                        set, "data.columns.text=folder", "data.train=\"true\"", "data.test=\"file_name = 'p04.png'\"")))
                .as("a row of both")
                .isInstanceOf(DataException.class)
                .hasMessageContaining("the first is cats/p04.png. No row");
        try (PairData data = open(features(set, "data.columns.text=folder"))) {
            assertThat(data.summary().training()).isEqualTo(PICTURES);
        }
    }

    @Test
    void aFolderOfPicturesHasMetadata() throws IOException {
        List<Integer> expected = expected(PICTURES - 1);
        for (String suffix : List.of("csv", "jsonl")) {
            Path set = folder.resolve("with-" + suffix);
            pictures(set.resolve("train"));
            StringBuilder lines = new StringBuilder(suffix.equals("csv") ? "file_name,text,kind\n" : "");
            for (int i = 0; i < PICTURES - 1; i++) {
                lines.append((suffix.equals("csv")
                                ? "train/%s,picture %d,%d%n"
                                : "{\"file_name\": \"train/%s\", \"text\": \"picture %d\", \"kind\": %d}%n")
                        .formatted(name(i), i, i % 2));
            }
            lines.append(
                    suffix.equals("csv")
                            ? "train/none.png,nothing,0\n"
                            : "{\"file_name\": \"train/none.png\", \"text\": \"nothing\"}\n");
            Files.writeString(set.resolve("metadata." + suffix), lines);
            Files.writeString(set.resolve("train/p00.txt"), "a text that the metadata stand before");
            try (PairData data = open(features(set, "data.columns.classes=[kind]", "data.max-skipped-share=0.2"))) {
                assertThat(pictures(data)).isEqualTo(expected);
                assertThat(reasons(data))
                        .containsExactly("picture file not found", "picture without a line in the metadata");
                assertThat(data.summary().skipped())
                        .extracting(DataSummary.Skipped::examples)
                        .containsExactly(List.of("metadata.%s, row 11".formatted(suffix)), List.of("train/p11.png"));
                assertThat(data.summary().form()).isEqualTo("folder of pictures with metadata." + suffix);
                assertThat(ignored(data)).containsExactly("neither a picture nor metadata: 1 (train/p00.txt)");
            }
            Files.copy(set.resolve("metadata." + suffix), set.resolve("Metadata." + suffix.toUpperCase(Locale.ROOT)));
            assertThatThrownBy(() -> open(features(set)))
                    .isInstanceOf(DataException.class)
                    .hasMessageContaining("there are Metadata.%S, metadata.%s. Keep one".formatted(suffix, suffix));
        }
    }

    @Test
    void shardsOfWebDatasetAreReadAsImg2datasetWritesThem() throws IOException {
        List<Integer> expected = expected();
        Path shards = Files.createDirectories(folder.resolve("shards"));
        shard(shards.resolve("00000.tar"), 0, 5);
        shard(shards.resolve("00001.tar"), 5, PICTURES);
        Files.writeString(shards.resolve("00000_stats.json"), "{}");
        try (PairData data = open(features(shards, "data.columns.text=caption", "data.columns.classes=[width]"))) {
            assertThat(pictures(data)).isEqualTo(expected);
            assertThat(data.summary().concepts()).isEqualTo(PICTURES);
            assertThat(data.summary().form()).isEqualTo("webdataset");
            assertThat(ignored(data)).containsExactly("not named *.tar: 1 (00000_stats.json)");
        }
        byte[] whole = Files.readAllBytes(shards.resolve("00001.tar"));
        Files.write(shards.resolve("00001.tar"), Arrays.copyOf(whole, whole.length / 2));
        try (PairData data = open(features(shards, "data.columns.text=caption", "data.max-skipped-share=0.5"))) {
            assertThat(data.summary().training()).isBetween(6L, 10L);
            assertThat(pictures(data)).isEqualTo(expected((int) data.summary().training()));
            assertThat(reasons(data))
                    .containsExactly("the shard is cut off: this sample and those after it are missing");
        }
    }

    private static void shard(Path file, int from, int to) throws IOException {
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file))) {
            for (int i = from; i < to; i++) {
                String key = "%09d".formatted(i);
                add(tar, key + ".png", PicturesTest.png(picture(i)));
                if (i % 3 > 0) {
                    add(tar, key + ".txt", bytes(caption(i)));
                }
                String json =
                        "{\"key\": \"%s\", \"caption\": \"picture %d\", \"width\": %d, \"Width\": 0, \"exif\": null}";
                add(tar, key + ".json", bytes(json.formatted(key, i, 20 + i)));
            }
        }
    }

    private static void add(TarArchiveOutputStream tar, String name, byte[] bytes) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(bytes.length);
        tar.putArchiveEntry(entry);
        tar.write(bytes);
        tar.closeArchiveEntry();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void rowsThatImg2datasetCouldNotDownloadAreNoInvalidRows() throws IOException {
        StructType schema = new StructType()
                .add("key", DataTypes.StringType)
                .add("jpg", DataTypes.BinaryType)
                .add("txt", DataTypes.StringType)
                .add("status", DataTypes.StringType);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < PICTURES; i++) {
            boolean good = i % 3 == 0;
            rows.add(RowFactory.create(
                    name(i),
                    good ? PicturesTest.png(picture(i)) : null,
                    caption(i),
                    good ? "success" : i % 3 == 1 ? "failed_to_download" : "failed_to_resize"));
        }
        String path = TestData.write(spark, folder.resolve("downloaded"), schema, rows);
        try (PairData data = open(TestData.features(path, "data.columns.text=caption"))) {
            assertThat(data.summary().training()).isEqualTo(4);
            assertThat(data.summary().rows()).isEqualTo(4);
            assertThat(data.summary().concepts()).isEqualTo(4);
            assertThat(data.summary().skipped()).isEmpty();
            assertThat(data.summary().form()).isEqualTo("img2dataset's parquet (image = jpg, caption = txt)");
            assertThat(data.summary().absent())
                    .extracting(each -> each.reason() + " " + each.rows())
                    .containsExactly("status failed_to_download 4", "status failed_to_resize 4");
        }
    }

    @Test
    void tablesAndViewsAreReadInTheOrderOfTheirKey() throws IOException {
        List<Integer> expected = expected();
        StructType schema = new StructType()
                .add("id", DataTypes.IntegerType)
                .add("image", DataTypes.BinaryType)
                .add("text", DataTypes.StringType);
        List<Row> rows = new ArrayList<>();
        for (int i = PICTURES - 1; i >= 0; i--) {
            rows.add(RowFactory.create(i, PicturesTest.png(picture(i)), caption(i)));
        }
        spark.createDataFrame(rows, schema).repartition(4).createOrReplaceTempView("pairs_of_view");
        spark.createDataFrame(rows, schema)
                .repartition(2)
                .write()
                .option("path", folder.resolve("saved").toString())
                .saveAsTable("pairs_of_table");
        for (String table : List.of("table:pairs_of_view", "table:default.pairs_of_table")) {
            try (PairData data = open(TestData.features(table, "data.columns.key=id"))) {
                assertThat(pictures(data)).as(table).isEqualTo(expected);
            }
        }
        assertThatThrownBy(() -> open(TestData.features("table:pairs_of_view")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("set data.columns.key to a column that is unique");
        assertThatThrownBy(() -> open(TestData.features("table:no.such", "data.columns.key=id")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("--packages");
        rows.add(rows.get(3));
        spark.createDataFrame(rows, schema).createOrReplaceTempView("pairs_of_view");
        assertThatThrownBy(() -> open(TestData.features("table:pairs_of_view", "data.columns.key=id")))
                .hasMessageContaining("2 rows have the key 8");
        spark.sql("drop table pairs_of_table");
        spark.conf().set("spark.sql.caseSensitive", true);
        spark.createDataFrame(rows, schema.add("TEXT", DataTypes.StringType)).createOrReplaceTempView("pairs_of_view");
        spark.conf().unset("spark.sql.caseSensitive");
        assertThatThrownBy(() -> open(TestData.features("table:pairs_of_view", "data.columns.key=id")))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(
                        "of its columns, id, image, text, TEXT, some have names that differ in case alone");
    }

    @Test
    void whatIsNotUnderstoodIsToldWithWhatWouldBe() throws IOException {
        Path set = Files.createDirectories(folder.resolve("docs"));
        Files.writeString(set.resolve("a.xlsx"), "x");
        Files.writeString(set.resolve("b.xlsx"), "x");
        Files.writeString(set.resolve("c"), "x");
        assertThatThrownBy(() -> open(features(set)))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("it holds 2 *.xlsx, 1 without a suffix (a.xlsx, b.xlsx, c)")
                .hasMessageContaining("metadata.jsonl")
                .hasMessageContaining("Example: --set data.path=");
    }

    private static DataSettings features(Path path, String... more) {
        return TestData.features(path.toString(), more);
    }

    private static String fingerprint(String path) {
        try (PairData data = open(TestData.features(path))) {
            return data.summary().fingerprint();
        }
    }

    /** What each picture becomes, read as bytes from Parquet. */
    private List<Integer> expected() throws IOException {
        return expected(PICTURES);
    }

    /** The same of the first few alone, since features are scaled by all of them. */
    private List<Integer> expected(int most) throws IOException {
        StructType schema = new StructType().add("image", DataTypes.BinaryType).add("text", DataTypes.StringType);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < most; i++) {
            rows.add(RowFactory.create(PicturesTest.png(picture(i)), caption(i)));
        }
        try (PairData data =
                open(TestData.features(TestData.write(spark, folder.resolve("expected-" + most), schema, rows)))) {
            List<Integer> pictures = pictures(data);
            assertThat(pictures).as("pictures that differ").doesNotHaveDuplicates();
            return pictures;
        }
    }

    /** A hash of the features of each training picture, in the order of ids. */
    private static List<Integer> pictures(PairData data) {
        List<Integer> found = new ArrayList<>();
        for (int id = 0; id < data.summary().training(); id++) {
            float[] features = new float[data.shape().imageWidth()];
            data.training().image(id, features, 0);
            found.add(Arrays.hashCode(features));
        }
        return found;
    }

    private static List<String> ignored(PairData data) {
        return data.summary().ignored().stream()
                .map(DataSummary.Ignored::toString)
                .toList();
    }

    private static List<String> reasons(PairData data) {
        return data.summary().skipped().stream()
                .map(DataSummary.Skipped::reason)
                .toList();
    }

    private static Path pictures(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (int i = 0; i < PICTURES; i++) {
            Files.write(folder.resolve(name(i)), PicturesTest.png(picture(i)));
        }
        return folder;
    }

    private static BufferedImage picture(int i) {
        BufferedImage image = new BufferedImage(20 + i, 20, BufferedImage.TYPE_INT_RGB);
        for (int x = 0; x < image.getWidth(); x++) {
            for (int y = 0; y < image.getHeight(); y++) {
                image.setRGB(x, y, x < 2 * i ? 0x2040c0 : ((0x10 * i) << 16) | 0x30);
            }
        }
        return image;
    }

    private static String name(int i) {
        return "p%02d.png".formatted(i);
    }

    private static String caption(int i) {
        return "picture %d, with \"quotes\"".formatted(i);
    }

    private static PairData open(DataSettings settings) {
        return PairData.open(spark, settings, TestData.BUCKETS);
    }
}
