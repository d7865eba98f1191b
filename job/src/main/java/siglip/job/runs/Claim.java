package siglip.job.runs;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of an owner's file. Of all claims on a folder the highest counts: first by term, then by owner. Each is a new file, so no claim can
 * overwrite another.
 *
 * @param term one more than that of the claim it follows
 * @param owner id of a driver
 * @param renewal counts up while the driver lives; {@link #RELEASED} once it has given the folder up
 */
record Claim(long term, String owner, long renewal) implements Comparable<Claim> {
    static final long RELEASED = Long.MAX_VALUE;

    private static final Pattern NAME = Pattern.compile("(\\d{1,18})-(\\w+)-(\\d{1,18}|released)\\.json");
    private static final Comparator<Claim> ORDER =
            Comparator.comparingLong(Claim::term).thenComparing(Claim::owner).thenComparingLong(Claim::renewal);

    static Optional<Claim> parse(String name) {
        Matcher parts = NAME.matcher(name);
        return parts.matches()
                ? Optional.of(new Claim(
                        Long.parseLong(parts.group(1)),
                        parts.group(2),
                        parts.group(3).equals("released") ? RELEASED : Long.parseLong(parts.group(3))))
                : Optional.empty();
    }

    boolean isReleased() {
        return renewal == RELEASED;
    }

    boolean isOf(Claim other) {
        return term == other.term && owner.equals(other.owner);
    }

    Claim renewed() {
        return new Claim(term, owner, renewal + 1);
    }

    Claim released() {
        return new Claim(term, owner, RELEASED);
    }

    @Override
    public int compareTo(Claim other) {
        return ORDER.compare(this, other);
    }

    /** The name of its file. */
    @Override
    public String toString() {
        return "%08d-%s-%s.json".formatted(term, owner, isReleased() ? "released" : "%08d".formatted(renewal));
    }
}
