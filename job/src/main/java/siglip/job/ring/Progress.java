package siglip.job.ring;

/**
 * Where a rank is, as its heartbeats say.
 *
 * @param step the step it works on
 * @param waitingOn the rank it waits for; {@link Node#DRIVER} for the driver, {@link #NOBODY} while it computes
 * @param waitingFor what it waits for; empty while it computes
 */
record Progress(long step, int waitingOn, String waitingFor) {
    static final int NOBODY = -2;

    static Progress computing(long step) {
        return new Progress(step, NOBODY, "");
    }
}
