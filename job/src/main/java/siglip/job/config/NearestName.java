package siglip.job.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** Guesses which of some names was meant by one that is not among them. Names may be paths with dots; case, {@code -} and {@code _} do not count. */
public final class NearestName {
    private NearestName() {}

    /** The known name that looks most like this one, if one looks like it at all. */
    public static Optional<String> to(String name, Collection<String> known) {
        String wanted = plain(name);
        int allowed = Math.max(2, wanted.length() / 5);
        Comparator<String> order = Comparator.comparingInt(candidate -> distance(wanted, plain(candidate)));
        Optional<String> near = known.stream().min(order);
        Optional<String> longer = known.stream()
                .filter(candidate -> plain(candidate).startsWith(wanted))
                .findFirst();
        boolean slip = near.filter(candidate -> distance(wanted, plain(candidate)) <= 2)
                .isPresent();
        if (longer.isPresent() && !slip) { // cut short is likelier than wrong in more than two places
            return longer;
        }
        if (near.filter(candidate -> distance(wanted, plain(candidate)) <= allowed)
                .isPresent()) {
            return near;
        }
        String last = plain(lastPart(name)); // the right name in the wrong place
        return known.stream()
                .filter(candidate -> distance(last, plain(lastPart(candidate))) <= last.length() / 5)
                .findFirst();
    }

    /** The same as the end of a message: {@code  (did you mean image?)}; empty if there is none. */
    public static String hint(String name, Collection<String> known) {
        return to(name, known).map(" (did you mean %s?)"::formatted).orElse("");
    }

    private static String lastPart(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static String plain(String path) {
        return path.toLowerCase(Locale.ROOT).replaceAll("[-_]", "");
    }

    /** Levenshtein's: how many characters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
