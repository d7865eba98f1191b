package siglip.job.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.TreeMap;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.CaptionDraw;
import siglip.job.batches.PackedPairs;
import siglip.job.data.EvaluationRows;
import siglip.job.data.PairData;
import siglip.job.data.PairData.HeldOut;
import siglip.job.export.ExportFolder.Numbers;
import siglip.job.features.TokenBags;
import siglip.job.order.EpochOrder;

/**
 * The pairs of a run and the order of its batches, for another program that is to train on the very same. {@code data.json} says how to read them.
 *
 * <pre>{@code
 * train-images.f32   rows x imageWidth, scaled as "scaling" in data.json says
 * train-texts.f32    texts x textWidth, scaled likewise              where texts are features
 * train-tokens.i32   all bags, one after another                    where texts are tokens
 * train-starts.i32   texts + rows + 1: of each row, where each of its captions starts, then its keywords; they end where the next row starts
 * train-concepts.i32 texts: concept ids; where a batch holds several texts of an image, a pair has that of the first text of its row
 * train-first-texts.i32  rows + 1: the first text of each row           where rows have several texts
 * order.i32          steps x batchSize: row ids
 * drawn.i32          steps x batchSize: texts                           where rows have several texts
 * keywords.u8        steps x batchSize: 1 where the caption is taken with its keywords
 * seen-*, unseen-*, held_out-*   the held-out rows that the run evaluates, by their set, as train-*
 * }</pre>
 */
final class ExportedPairs {
    private ExportedPairs() {}

    /** Writes training rows, at most so many rows of each held-out set, and the batches of steps 0 to {@code steps - 1}. */
    static void write(ExportFolder folder, PairData data, BatchPlan plan, long steps, int evaluationRows)
            throws IOException {
        ObjectNode json = new ObjectMapper().createObjectNode();
        json.put("fingerprint", data.summary().fingerprint());
        json.put("imageWidth", data.shape().imageWidth());
        json.put("textWidth", data.shape().textWidth());
        json.set("scaling", new ObjectMapper().valueToTree(data.scaling()));
        json.put("trainRows", data.training().rows());
        json.put("trainTexts", data.training().firstText(data.training().rows()));
        json.put("seed", plan.seed());
        json.put("batchSize", plan.batchSize());
        json.put("textsPerImage", plan.textsPerImage());
        json.put("steps", steps);
        write(folder, "train", data.training());
        for (HeldOut set : data.summary().heldOut().keySet()) {
            EvaluationRows rows = data.heldOut(set, evaluationRows, plan.seed());
            String name = set.key();
            json.put(name + "Rows", rows.size());
            json.put(name + "Texts", rows.pairs().firstText(rows.size()));
            write(folder, name, rows.pairs());
            ObjectNode classes = json.putObject(name + "Classes");
            new TreeMap<>(rows.classes()).forEach((column, values) -> values.forEach(classes.putArray(column)::add));
        }
        folder.write("order.i32", out -> rows(plan, steps, (draw, id) -> out.add((int) id)));
        folder.write("keywords.u8", out -> rows(plan, steps, (draw, id) -> out.addByte(draw.withKeywords(id) ? 1 : 0)));
        PackedPairs training = data.training();
        if (hasSeveralTexts(training)) {
            folder.write("drawn.i32", out -> rows(plan, steps, (draw, id) -> out.add(training.text((int) id, draw))));
        }
        folder.write("data.json", json);
    }

    private static void write(ExportFolder folder, String name, PackedPairs pairs) throws IOException {
        int rows = pairs.rows();
        int texts = pairs.firstText(rows);
        folder.write(name + "-images.f32", out -> {
            float[] image = new float[pairs.shape().imageWidth()];
            for (int row = 0; row < rows; row++) {
                pairs.image(row, image, 0);
                out.add(image);
            }
        });
        folder.write(name + "-concepts.i32", out -> {
            for (int text = 0; text < texts; text++) {
                out.add(pairs.conceptId(text));
            }
        });
        if (hasSeveralTexts(pairs)) {
            folder.write(name + "-first-texts.i32", out -> {
                for (int row = 0; row <= rows; row++) {
                    out.add(pairs.firstText(row));
                }
            });
        }
        if (pairs.shape().textIsTokens()) {
            folder.write(name + "-tokens.i32", out -> tokens(pairs, out));
            folder.write(name + "-starts.i32", out -> starts(pairs, out));
            return;
        }
        folder.write(name + "-texts.f32", out -> {
            float[] text = new float[pairs.shape().textWidth()];
            for (int number = 0; number < texts; number++) {
                pairs.text(number, text, 0);
                out.add(text);
            }
        });
    }

    private static boolean hasSeveralTexts(PackedPairs pairs) {
        return pairs.firstText(pairs.rows()) > pairs.rows();
    }

    private static void tokens(PackedPairs pairs, Numbers out) throws IOException {
        TokenBags bags = new TokenBags();
        for (int row = 0; row < pairs.rows(); row++) {
            bags.clear();
            for (int text = pairs.firstText(row); text < pairs.firstText(row + 1); text++) {
                pairs.addTokens(text, text == pairs.firstText(row + 1) - 1, bags);
            }
            for (int at = bags.start(0); at < bags.end(bags.rows() - 1); at++) {
                out.add(bags.tokens()[at]);
            }
        }
    }

    private static void starts(PackedPairs pairs, Numbers out) throws IOException {
        TokenBags bags = new TokenBags();
        int written = 0;
        out.add(written);
        for (int row = 0; row < pairs.rows(); row++) {
            bags.clear();
            for (int text = pairs.firstText(row); text < pairs.firstText(row + 1); text++) {
                pairs.addTokens(text, false, bags);
                out.add(written + bags.end(bags.rows() - 1));
            }
            pairs.addTokens(pairs.firstText(row), true, bags);
            int first = bags.rows() - 1;
            written += bags.end(first - 1) + bags.end(first) - bags.start(first) - (bags.end(0) - bags.start(0));
            out.add(written);
        }
    }

    /** What is written for a row of a batch. */
    private interface Row {
        void write(CaptionDraw draw, long id) throws IOException;
    }

    private static void rows(BatchPlan plan, long steps, Row each) throws IOException {
        for (long step = 0; step < steps; step++) {
            long epoch = plan.epoch(step);
            EpochOrder order = plan.order(epoch);
            for (int row = 0; row < plan.batchSize(); row++) {
                long position = plan.position(step) + row;
                each.write(plan.draw(epoch, position), plan.idAt(order, position));
            }
        }
    }
}
