package siglip.job.export;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.batches.Batch;
import siglip.job.batches.BatchSource;
import siglip.job.batches.RankBatches;
import siglip.job.data.PairData;
import siglip.job.data.TestData;
import siglip.job.files.OwnFolder;

class ExportedPairsIT {
    @TempDir
    private Path folder;

    @Test
    void batchesPutTogetherFromTheFilesAreThoseOfTheSource() throws IOException {
        try (SparkSession spark = TestData.session(2);
                PairData data = PairData.open(spark, TestData.part(), TestData.BUCKETS);
                BatchSource source = data.source(100, 1, 9)) {
            ExportedPairs.write(
                    new ExportFolder(
                            OwnFolder.at(new org.apache.hadoop.fs.Path(folder.toString()), new Configuration())),
                    data,
                    source.plan(),
                    7,
                    Integer.MAX_VALUE);

            JsonNode json =
                    new ObjectMapper().readTree(folder.resolve("data.json").toFile());
            long unseen = data.summary().heldOut().get(PairData.HeldOut.UNSEEN);
            assertThat(json.get("trainRows").asLong()).isEqualTo(data.summary().training());
            assertThat(json.get("unseenRows").asLong()).isEqualTo(unseen);
            assertThat(json.has("seenRows")).as("a set without rows").isFalse();
            assertThat(json.get("unseenClasses").get("group")).hasSize((int) unseen);
            int width = json.get("imageWidth").asInt();
            ByteBuffer images = read("train-images.f32");
            ByteBuffer tokens = read("train-tokens.i32");
            ByteBuffer starts = read("train-starts.i32");
            ByteBuffer concepts = read("train-concepts.i32");
            ByteBuffer order = read("order.i32");
            ByteBuffer keywords = read("keywords.u8");
            assertThat(order.capacity()).isEqualTo(4 * 7 * 100);
            assertThat(starts.capacity())
                    .isEqualTo(4 * (2 * (int) data.summary().training() + 1));

            RankBatches slices = source.opener().open(0, 1, List.<byte[]>of().iterator());
            Batch batch = new Batch(data.shape(), 100);
            for (int step = 0; step < 7; step++) {
                slices.read(step, batch);
                for (int row = 0; row < 100; row++) {
                    int id = order.getInt(4 * (100 * step + row));
                    assertThat((long) id).isEqualTo(batch.ids()[row]);
                    assertThat(concepts.getInt(4 * id)).isEqualTo(batch.conceptIds()[row]);
                    for (int i = 0; i < width; i += 97) {
                        assertThat(images.getFloat(4 * (id * width + i)))
                                .isEqualTo(batch.images().get(row, i));
                    }
                    int end = 2 * id + 1 + keywords.get(100 * step + row);
                    int[] bag = new int[starts.getInt(4 * end) - starts.getInt(8 * id)];
                    tokens.slice(4 * starts.getInt(8 * id), 4 * bag.length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .asIntBuffer()
                            .get(bag);
                    assertThat(bag)
                            .containsExactly(Arrays.copyOfRange(
                                    batch.tokens().tokens(),
                                    batch.tokens().start(row),
                                    batch.tokens().end(row)));
                }
            }
        }
    }

    @Test
    void textsOfAnImageWithSeveralAreThoseThatAreDrawn() throws IOException {
        StructType schema = new StructType()
                .add("image", "array<float>")
                .add("text", "array<string>")
                .add("keywords", "array<string>");
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            List<String> captions =
                    List.of("red " + i, "a long blue " + i, "green " + i).subList(0, 1 + i % 3);
            rows.add(RowFactory.create(
                    new float[] {i + 1, 1}, captions, i % 2 == 0 ? List.of("key" + i, "word") : null));
        }
        try (SparkSession spark = TestData.session(2)) {
            String path = TestData.write(spark, folder.resolve("lists"), schema, rows);
            try (PairData data = PairData.open(
                            spark, TestData.features(path, "data.columns.keywords=keywords"), TestData.BUCKETS);
                    BatchSource source = data.source(8, 2, 9)) {
                ExportedPairs.write(
                        new ExportFolder(OwnFolder.at(
                                new org.apache.hadoop.fs.Path(
                                        folder.resolve("export").toString()),
                                new Configuration())),
                        data,
                        source.plan(),
                        9,
                        Integer.MAX_VALUE);

                IntBuffer order = read("export/order.i32").asIntBuffer();
                IntBuffer drawn = read("export/drawn.i32").asIntBuffer();
                IntBuffer firstTexts = read("export/train-first-texts.i32").asIntBuffer();
                IntBuffer starts = read("export/train-starts.i32").asIntBuffer();
                IntBuffer tokens = read("export/train-tokens.i32").asIntBuffer();
                ByteBuffer keywords = read("export/keywords.u8");
                assertThat(firstTexts.get(12)).isEqualTo(24);
                assertThat(starts.capacity()).isEqualTo(24 + 12 + 1);
                RankBatches slices =
                        source.opener().open(0, 1, List.<byte[]>of().iterator());
                Batch batch = new Batch(data.shape(), 8);
                for (int step = 0; step < 9; step++) {
                    slices.read(step, batch);
                    for (int i = 0; i < 8; i++) {
                        int at = 8 * step + i;
                        int row = order.get(at);
                        int start = drawn.get(at) + row;
                        List<Integer> bag = bag(tokens, starts, start);
                        if (keywords.get(at) == 1) {
                            bag.addAll(bag(tokens, starts, firstTexts.get(row + 1) + row));
                        }
                        assertThat(batch.ids()[i]).isEqualTo(row);
                        assertThat(drawn.get(at)).isBetween(firstTexts.get(row), firstTexts.get(row + 1) - 1);
                        assertThat(IntStream.range(
                                                batch.tokens().start(i),
                                                batch.tokens().end(i))
                                        .mapToObj(k -> batch.tokens().tokens()[k]))
                                .containsExactlyElementsOf(bag);
                    }
                }
            }
        }
    }

    private static List<Integer> bag(IntBuffer tokens, IntBuffer starts, int number) {
        return IntStream.range(starts.get(number), starts.get(number + 1))
                .mapToObj(tokens::get)
                .collect(Collectors.toCollection(ArrayList::new));
    }

    private ByteBuffer read(String name) throws IOException {
        return ByteBuffer.wrap(Files.readAllBytes(folder.resolve(name))).order(ByteOrder.LITTLE_ENDIAN);
    }
}
