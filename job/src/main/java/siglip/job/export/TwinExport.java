package siglip.job.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.PackedPairs;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData;
import siglip.job.data.PairData.HeldOut;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.formats.DataException;
import siglip.job.order.EpochOrder;

/**
 * Writes what another program needs to train on the very same batches: a folder of raw little-endian arrays and {@code data.json}, which says how to
 * read them.
 *
 * <pre>{@code
 * train-images.f32   rows x imageWidth, scaled
 * train-texts.f32    rows x textWidth                               where texts are features
 * train-tokens.i32   all bags, one after another                    where texts are tokens
 * train-starts.i32   2 rows + 1: description of row i from [2i], keywords from [2i + 1], end at [2i + 2]
 * train-concepts.i32 rows: concept ids
 * order.i32          steps x batchSize: row ids
 * keywords.u8        steps x batchSize: 1 where the caption is taken with its keywords
 * seen-*, unseen-*   held-out rows, as train-*
 * }</pre>
 */
public final class TwinExport {
    private final FileSystem files;
    private final Path folder;

    private TwinExport(FileSystem files, Path folder) {
        this.files = files;
        this.folder = folder;
    }

    /**
     * Writes training rows, held-out rows and the batches of steps 0 to {@code steps - 1}, over what is there.
     *
     * @param folder any Hadoop path
     */
    public static void write(Configuration hadoop, PairData data, BatchPlan plan, long steps, String folder) {
        try {
            Path path = new Path(folder);
            new TwinExport(FileSystems.of(path, hadoop), path).write(data, plan, steps);
        } catch (IOException e) {
            throw new DataException("Cannot export to %s: %s".formatted(folder, e.getMessage()), e);
        }
    }

    private void write(PairData data, BatchPlan plan, long steps) throws IOException {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("fingerprint", data.summary().fingerprint());
        json.put("imageWidth", data.shape().imageWidth());
        json.put("textWidth", data.shape().textWidth());
        json.put("trainRows", data.training().rows());
        json.put("seed", plan.seed());
        json.put("batchSize", plan.batchSize());
        json.put("steps", steps);
        writePairs("train", data.training());
        for (HeldOut set : HeldOut.values()) {
            EvaluationRows rows = data.heldOut(set, Integer.MAX_VALUE);
            String name = set == HeldOut.SEEN ? "seen" : "unseen";
            json.put(name + "Rows", rows.size());
            writePairs(name, rows.pairs());
            ObjectNode classes = json.putObject(name + "Classes");
            rows.classes().forEach((column, values) -> values.forEach(classes.putArray(column)::add));
        }
        writeBatches(plan, steps);
        byte[] text = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
        WholeFile.write(files, new Path(folder, "data.json"), out -> out.write(text)); // last: all others are whole
    }

    private void writePairs(String name, PackedPairs pairs) throws IOException {
        PairShape shape = pairs.shape();
        try (Values images = new Values(name + "-images.f32");
                Values concepts = new Values(name + "-concepts.i32")) {
            float[] image = new float[shape.imageWidth()];
            for (int row = 0; row < pairs.rows(); row++) {
                pairs.image(row, image, 0);
                images.write(image);
                concepts.write(pairs.conceptId(row));
            }
        }
        if (shape.textIsTokens()) {
            writeTokens(name, pairs);
        } else {
            try (Values texts = new Values(name + "-texts.f32")) {
                float[] text = new float[shape.textWidth()];
                for (int row = 0; row < pairs.rows(); row++) {
                    pairs.text(row, text, 0);
                    texts.write(text);
                }
            }
        }
    }

    private void writeTokens(String name, PackedPairs pairs) throws IOException {
        try (Values tokens = new Values(name + "-tokens.i32");
                Values starts = new Values(name + "-starts.i32")) {
            TokenBags bags = new TokenBags();
            int written = 0;
            starts.write(written);
            for (int row = 0; row < pairs.rows(); row++) {
                bags.clear();
                pairs.addTokens(row, false, bags);
                pairs.addTokens(row, true, bags);
                starts.write(written + bags.end(0));
                for (int at = bags.start(1); at < bags.end(1); at++) {
                    tokens.write(bags.tokens()[at]);
                }
                written += bags.end(1) - bags.start(1);
                starts.write(written);
            }
        }
    }

    private void writeBatches(BatchPlan plan, long steps) throws IOException {
        try (Values ids = new Values("order.i32");
                Values keywords = new Values("keywords.u8")) {
            for (long step = 0; step < steps; step++) {
                EpochOrder order = plan.order(plan.epoch(step));
                for (int row = 0; row < plan.batchSize(); row++) {
                    long id = order.idAt(plan.position(step) + row);
                    ids.write((int) id);
                    keywords.writeByte(plan.withKeywords(plan.epoch(step), id) ? 1 : 0);
                }
            }
        }
    }

    /** A file of numbers, lowest byte first. */
    private final class Values implements AutoCloseable {
        private final OutputStream out;

        Values(String name) throws IOException {
            out = new BufferedOutputStream(files.create(new Path(folder, name), true), 1 << 16);
        }

        void write(float[] values) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            out.write(bytes.array());
        }

        void write(int value) throws IOException {
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                out.write(value >>> shift);
            }
        }

        void writeByte(int value) throws IOException {
            out.write(value);
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }
}
