package siglip.job.config;

import java.time.Duration;

/**
 * @param everySteps steps between two checkpoints; 0: none are written
 * @param keep how many are kept, the newest
 * @param resume {@value #AUTO}, {@value #NEVER}, or the path of a checkpoint or of the folder of a run
 * @param lease a driver that has not renewed its lease for so long counts as gone
 * @param takeOver whether to take the run over from a driver that still lives
 */
public record CheckpointSettings(long everySteps, int keep, String resume, Duration lease, boolean takeOver) {
    /** Go on from the newest checkpoint of the run's own folder, if there is one. */
    public static final String AUTO = "auto";

    /** Start anew. */
    public static final String NEVER = "never";
}
