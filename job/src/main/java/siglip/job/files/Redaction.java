package siglip.job.files;

import java.io.PrintWriter;
import java.io.Writer;
import java.util.regex.Pattern;

/**
 * Takes secrets out of text for people, logs and files: the login in an address ({@code s3a://KEY:SECRET@bucket}), and what signs one
 * ({@code ?X-Amz-Signature=...}). What is printed or written passes through here; {@code conf/log4j2.properties} has the login's pattern too.
 */
public final class Redaction {
    /** What stands where a secret was. */
    public static final String REDACTED = "(redacted)";

    private static final String NAME = "[^/@:\\s\"'<>]*:";
    private static final String REST = "[^@\\s\"<>]*(?:@[^@/\\s\"<>]*)*(?=@)";

    /** User and password. Behind the colon may be a port and a path with an @, but not in a store: its secrets may hold slashes. */
    private static final Pattern LOGIN =
            Pattern.compile("(?<=\\bs3[an]?://)" + NAME + REST + "|(?<=://)" + NAME + "(?!\\d+(?:[/,;'\\s]|$))" + REST);

    private static final Pattern SIGNATURE = Pattern.compile(
            "(?i)(?<=(?:[?&;]|%3F|%26)(?:x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|signature|sig"
                    + "|token|access[_-]token|api[_-]?key|password|secret)=)[^&\\s\"'<>]+");

    private Redaction() {}

    /** The same text without its secrets. */
    public static String of(String text) {
        return SIGNATURE.matcher(LOGIN.matcher(text).replaceAll(REDACTED)).replaceAll(REDACTED);
    }

    /** Whether the text holds an address with user and password. */
    public static boolean isNeeded(String text) {
        return LOGIN.matcher(text).find();
    }

    /** A writer that hands on each line without its secrets; the beginning of a line waits for its end, or for a flush. */
    public static PrintWriter writer(PrintWriter out) {
        return new PrintWriter(new Lines(out), true);
    }

    private static final class Lines extends Writer {
        private final PrintWriter out;
        private final StringBuilder line = new StringBuilder();

        Lines(PrintWriter out) {
            this.out = out;
        }

        @Override
        public void write(char[] text, int from, int length) {
            line.append(text, from, length);
            int end = line.lastIndexOf("\n") + 1;
            hand(end);
        }

        @Override
        public void flush() {
            hand(line.length());
            out.flush();
        }

        @Override
        public void close() {
            flush();
        }

        private void hand(int end) {
            out.write(of(line.substring(0, end)));
            line.delete(0, end);
        }
    }
}
