package siglip.job.cli;

/**
 * The end of a driver that failed, where YARN's application master runs it: the text of an exception becomes the final status that
 * people see, and an exit would be taken for a crash. It has no stack trace, which would bury the text. Compiled for Java 8, like
 * {@link Platform}.
 */
@SuppressWarnings("OverrideThrowableToString")
final class DriverFailure extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int TERMINATED = 143;

    private DriverFailure(int code, String message) {
        super("exit code " + code + ": " + message, null, false, false);
    }

    /**
     * Ends the process, or the driver in it.
     *
     * @param code other than 0
     * @param message what the user was told, in one line
     */
    static void end(int code, String message) {
        if (onYarn()) {
            throw new DriverFailure(code, message);
        }
        System.exit(code);
    }

    /** Leaves the exit code to the signal that ends the process; a driver on YARN that merely returned would have succeeded. */
    static void endStopped() {
        if (onYarn()) {
            throw new DriverFailure(TERMINATED, "stopped by a signal");
        }
    }

    private static boolean onYarn() {
        return "yarn".equals(System.getProperty("spark.master"))
                && "cluster".equals(System.getProperty("spark.submit.deployMode"));
    }

    /** The text alone: the name of this class would say nothing to anybody. */
    @Override
    public String toString() {
        return getMessage();
    }
}
