package siglip.job.planning;

import java.util.List;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.files.Unit;
import siglip.job.ring.TextBlock;
import siglip.job.towers.ModelSpec;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Precision;

/** What no number of attempts would make possible: known from the sizes alone, before anything of a run's size is allocated. */
public final class RunLimits {
    private static final long ONE_MESSAGE = (long) Float.BYTES * Matrix.MOST_FLOATS;

    private RunLimits() {}

    /**
     * Refuses a run that cannot be.
     *
     * @param heap of the driver, in bytes
     * @throws SettingsException if a rank's texts or a piece of the model are more than a message holds, or the parameters are more than the heap does
     */
    public static void check(Settings settings, ModelSpec model, long heap) {
        Workload work = Workload.of(settings, model, settings.run().ranks(), Precision.FP32);
        int pairs = work.lossShape().localRows();
        long texts = TextBlock.bytes(pairs, work.lossShape().width());
        if (texts > ONE_MESSAGE) {
            throw new SettingsException(List.of(
                    "training.batch-size = %d gives a rank %d pairs, whose texts take %s, and one message holds at most 2 GiB: set more ranks (run.ranks), smaller batches or narrower towers (towers.width)"
                            .formatted(settings.training().batchSize(), pairs, Unit.BYTES.plain(texts))));
        }
        long piece = work.pieces().bytes(0);
        if (piece > ONE_MESSAGE) {
            throw new SettingsException(List.of(
                    "run.ranks = %d makes pieces of the model of %s, and one message holds at most 2 GiB: set more ranks, or smaller towers (towers.width, towers.*.hidden, towers.table.buckets)"
                            .formatted(settings.run().ranks(), Unit.BYTES.plain(piece))));
        }
        long kept = DriverMemory.kept(work);
        if (kept > heap) {
            throw new SettingsException(List.of(
                    "the parameters of %d arms take %s with what the optimizer keeps of them, and the driver's heap has %s: set smaller towers (towers.width, towers.*.hidden, towers.table.buckets), or give the driver more memory (SIGLIP_HEAP, spark.driver.memory; `plan` says how much)"
                            .formatted(work.losses().size(), Unit.BYTES.plain(kept), Unit.BYTES.plain(heap))));
        }
    }
}
