package siglip.job.failures;

/** What a message says in its first line: others' messages go on with details that belong in a log. */
public final class FirstLine {
    private FirstLine() {}

    /** Of a failure's message; its class where it has none. */
    public static String of(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getName() : of(message);
    }

    /** Empty if the text is blank. */
    public static String of(String text) {
        return text.strip().lines().findFirst().orElse("");
    }
}
