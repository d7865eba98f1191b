package siglip.job.stability;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Watches the loss of one arm, step by step, for stretches in which it is that of the best constant predictor: of a model that gives every
 * pair the same logit and so has learned nothing of its inputs.
 *
 * <p>A stretch begins with {@code patience} steps in a row whose loss is within {@value #DISTANCE} of the constant's, relative. It ends with as many
 * in a row that are better by more than that; a loss that is worse than the constant's ends nothing. The warm-up does not count.
 */
public final class CollapseWatch {
    /** How near a loss is to the constant's, as a share of it: whoever has a hundredth of it behind him has begun to learn. */
    public static final double DISTANCE = 0.01;

    /**
     * Steps in which an arm's loss was that of the best constant predictor.
     *
     * @param from first of them
     * @param to first step after them; empty while it goes on
     * @param constant loss of that predictor, in nats
     */
    public record Stretch(long from, Optional<Long> to, double constant) {
        /** As a sentence: when, and what it means. */
        public String words() {
            String constant = String.format(Locale.ROOT, "%.4g nats, within %.0f %%", this.constant, 100 * DISTANCE);
            return to.map(end -> "from step %d to step %d its loss was that of the best constant predictor (%s)"
                            .formatted(from, end - 1, constant))
                    .orElseGet(() ->
                            "from step %d on its loss is that of the best constant predictor (%s): it has learned nothing of its inputs"
                                    .formatted(from, constant));
        }
    }

    private final long warmup;
    private final int patience;
    private final List<Stretch> past = new ArrayList<>();
    private Optional<Stretch> now = Optional.empty();
    private int near; // steps in a row
    private int better;

    /**
     * @param warmup steps that do not count, from step 0
     * @param patience steps in a row that begin or end a stretch
     */
    public CollapseWatch(long warmup, int patience) {
        this.warmup = warmup;
        this.patience = patience;
    }

    /** The steps in a row that a run of so many steps takes to decide: a twentieth of it, from 20 to 100. */
    public static int patience(long steps) {
        return (int) Math.max(20, Math.min(100, steps / 20));
    }

    /**
     * Takes the next step.
     *
     * @param constant loss of the best constant predictor; NaN if it is not known, and then nothing begins
     * @return the stretch that this step has begun or ended
     */
    public Optional<Stretch> step(long step, double loss, double constant) {
        if (step < warmup) {
            return Optional.empty();
        }
        double over = loss / constant - 1;
        near = Math.abs(over) <= DISTANCE ? near + 1 : 0;
        better = over < -DISTANCE ? better + 1 : 0;
        if (now.isEmpty() && near >= patience) {
            now = Optional.of(new Stretch(step + 1 - near, Optional.empty(), constant));
            return now;
        }
        if (now.isPresent() && better >= patience) {
            Stretch ended = new Stretch(
                    now.get().from(), Optional.of(step + 1 - better), now.get().constant());
            past.add(ended);
            now = Optional.empty();
            return Optional.of(ended);
        }
        return Optional.empty();
    }

    /** The stretch that goes on, if one does. */
    public Optional<Stretch> now() {
        return now;
    }

    /** Stretches that have ended. */
    public List<Stretch> past() {
        return List.copyOf(past);
    }
}
