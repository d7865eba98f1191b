package siglip.job.failures;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is at the bottom of a failure: Spark wraps what a task threw several times, and where it cannot send the cause it sends its text. */
public final class RootCause {
    private static final int MOST = 50; // a chain may be a circle

    /** Messages of wrappings, which say nothing by themselves. */
    private static final Pattern WRAPPING = Pattern.compile(
            "(Job aborted|Job \\d+ |Exception thrown in awaitResult|Task failed|Could not execute broadcast).*");

    private static final Pattern OPENING = Pattern.compile("^(Job aborted|Exception thrown|Task failed)[^:]*: *");
    private static final Pattern OF_TASK = Pattern.compile("\\(TID \\d+\\) \\([^)]*executor [^)]*\\): (.+)");
    private static final Pattern CAUSED = Pattern.compile("^Caused by: (.+)$", Pattern.MULTILINE);

    private RootCause() {}

    /** The innermost cause; the failure itself if it has none. */
    public static Throwable of(Throwable failure) {
        List<Throwable> chain = chain(failure);
        return chain.get(chain.size() - 1);
    }

    /** In one line, what the failure says and, where that is something else, what its innermost cause says. */
    public static String line(Throwable failure) {
        List<Throwable> chain = chain(failure);
        Throwable root = chain.get(chain.size() - 1);
        String inner = isWrapping(root) ? withinText(root.getMessage()) : FirstLine.of(root.toString());
        return chain.stream()
                .filter(each -> !isWrapping(each))
                .findFirst()
                .map(outer -> said(FirstLine.of(outer), FirstLine.of(root), inner))
                .orElse(inner);
    }

    private static String said(String outer, String rootMessage, String inner) {
        return outer.contains(rootMessage) || outer.contains(inner) ? outer : outer + ": " + inner;
    }

    private static List<Throwable> chain(Throwable failure) {
        List<Throwable> chain = new ArrayList<>();
        for (Throwable cause = failure; cause != null && chain.size() < MOST; cause = cause.getCause()) {
            chain.add(cause);
        }
        return chain;
    }

    private static boolean isWrapping(Throwable failure) {
        return failure.getMessage() != null
                && WRAPPING.matcher(FirstLine.of(failure)).matches();
    }

    /**
     * The cause that stands in Spark's account of a failure: the last one, or else what the task threw, or else the second line, and after it
     * what Spark gave up.
     */
    private static String withinText(String account) {
        String found = "";
        Matcher caused = CAUSED.matcher(account);
        while (caused.find()) {
            found = caused.group(1);
        }
        Matcher task = OF_TASK.matcher(account);
        if (found.isEmpty() && task.find()) {
            found = task.group(1);
        }
        return found.isEmpty() ? ofLines(account) : found.strip();
    }

    private static String ofLines(String account) {
        List<String> lines = account.lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty() && !line.startsWith("at ") && !line.equals("Driver stacktrace:"))
                .limit(2)
                .toList();
        String gaveUp = OPENING.matcher(lines.get(0)).replaceFirst("");
        if (lines.size() == 1) {
            return gaveUp.isEmpty() ? lines.get(0) : gaveUp;
        }
        return gaveUp.isEmpty() ? lines.get(1) : "%s (%s)".formatted(lines.get(1), gaveUp);
    }
}
