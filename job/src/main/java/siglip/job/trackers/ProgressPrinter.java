package siglip.job.trackers;

import java.io.Console;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import siglip.job.config.Settings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.MetricFamily;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.figures.RunFigures;
import siglip.job.files.Redaction;
import siglip.job.files.Unit;
import siglip.job.training.StepRecord;

/**
 * Shows a run's progress: on a terminal one line that is rewritten, elsewhere a plain line now and then. Phases, evaluations and
 * incidents have lines of their own. Plain ASCII. Not safe to share between threads.
 */
public final class ProgressPrinter implements Tracker {
    private static final long NANOS = 1_000_000_000L;
    private static final long TERMINAL_NANOS = NANOS / 10;
    private static final long PLAIN_NANOS = 10 * NANOS;

    /** Weight of the newest step in the running means, once there are enough. */
    private static final double NEWEST = 0.1;

    /** Steps that begin in this time say nothing of the pace of later ones: code is compiled, and connections are made. */
    private static final long SETTLING_NANOS = 3 * NANOS;

    private final PrintStream out;
    private final boolean terminal;
    private final LongSupplier nanos;
    private final long stepsPerArm;
    private final int batchSize;
    private final Map<String, Progress> arms = new HashMap<>();
    private long shownNanos;
    private int shownLength;
    private long clockNanos;
    private long firstStepNanos;
    private double pauseSeconds;
    private long stepsSeen;

    private static final class Progress {
        private long done;
        private double stepSeconds = Double.NaN; // of the last step until the pace has settled, then a running mean
        private long settled; // steps in that mean
        private double loss = Double.NaN;
        private double r1 = Double.NaN;
        private HeldOut shown = HeldOut.UNSORTED; // whose R@1 that is: of several sets, the first
        private boolean stopped;
    }

    /**
     * @param terminal whether lines can be rewritten
     * @param nanos a clock that never goes back, in nanoseconds
     */
    ProgressPrinter(Settings settings, PrintStream out, boolean terminal, LongSupplier nanos) {
        this.out = out;
        this.terminal = terminal;
        this.nanos = nanos;
        this.stepsPerArm = settings.training().steps();
        this.batchSize = settings.training().batchSize();
        settings.loss().arms().forEach(arm -> arms.put(arm.name(), new Progress()));
        this.clockNanos = nanos.getAsLong();
        this.shownNanos = clockNanos - PLAIN_NANOS;
    }

    /** Prints to a stream, as a terminal if this process has one that can rewrite lines. */
    public static ProgressPrinter to(PrintStream out, Settings settings) {
        boolean dumb = "dumb".equals(System.getenv("TERM"));
        boolean terminal = Optional.ofNullable(System.console())
                .filter(ProgressPrinter::isTerminal)
                .isPresent();
        return new ProgressPrinter(settings, out, terminal && !dumb, System::nanoTime);
    }

    /** Up to Java 21 there is a console only on a terminal; from 22 on there always is, and it knows whether it is one. */
    private static boolean isTerminal(Console console) {
        try {
            return (Boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException before22) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    @Override
    public void phase(String text) {
        line(text);
    }

    @Override
    public void step(StepRecord step) {
        Progress arm = arms.computeIfAbsent(step.arm(), name -> new Progress());
        long now = nanos.getAsLong();
        long begun = now - Math.round(step.seconds() * NANOS);
        firstStepNanos = stepsSeen == 0 ? begun : firstStepNanos;
        pauseSeconds += stepsSeen == 0 ? 0 : Math.max(0, (double) (begun - clockNanos) / NANOS);
        clockNanos = now;
        stepsSeen++;
        arm.done = step.step() + 1;
        arm.loss = step.loss();
        arm.stopped = !step.finite();
        if (begun - firstStepNanos >= SETTLING_NANOS) {
            arm.settled++;
        }
        double weight = arm.settled == 0 ? 1 : Math.max(NEWEST, 1.0 / arm.settled);
        arm.stepSeconds = weight * step.seconds() + (weight == 1 ? 0 : (1 - weight) * arm.stepSeconds);
        boolean last = arms.values().stream().noneMatch(this::isUnderWay);
        if (last || now - shownNanos >= (terminal ? TERMINAL_NANOS : PLAIN_NANOS)) {
            shownNanos = now;
            show(step.arm(), arm, step.step() + 1);
        }
    }

    @Override
    public void evaluation(Evaluation evaluation) {
        Progress arm = arms.computeIfAbsent(evaluation.arm(), name -> new Progress());
        if (evaluation.set().compareTo(arm.shown) <= 0) {
            arm.shown = evaluation.set();
            arm.r1 = evaluation.imageToText().get(RetrievalMetric.R1);
        }
        String families = MetricFamily.all().stream()
                .map(family -> "%s image to text %s, text to image %s"
                        .formatted(
                                family.label("/"),
                                family.format("/", evaluation.imageToText()::get),
                                family.format("/", evaluation.textToImage()::get)))
                .collect(Collectors.joining(", "));
        StringBuilder text = new StringBuilder("evaluation at step %d, %s, %s: %s"
                .formatted(evaluation.step(), evaluation.arm(), evaluation.set().label(), Unit.ascii(families)));
        evaluation
                .classAccuracy()
                .forEach((column, share) ->
                        text.append(String.format(Locale.ROOT, ", %s %.1f %%", column, 100 * share)));
        line(text.toString());
    }

    @Override
    public void incident(String text) {
        line("! " + text);
    }

    /** The line that is being rewritten ends, so that others may print. */
    @Override
    public void end(RunFigures figures) {
        close();
    }

    @Override
    public void close() {
        if (shownLength > 0) {
            out.println();
            shownLength = 0;
        }
        out.flush();
    }

    private void show(String name, Progress arm, long done) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "%-8s step %d/%d  loss %.4f  %,.0f pairs/s",
                name,
                done,
                stepsPerArm,
                arm.loss,
                batchSize / arm.stepSeconds));
        if (!Double.isNaN(arm.r1)) {
            text.append(String.format(Locale.ROOT, "  R@1 %.1f %%", 100 * arm.r1));
        }
        if (arms.values().stream().allMatch(each -> each.settled > 0 || !isUnderWay(each))) {
            text.append("  ").append(left()).append(" left");
        }
        if (terminal) {
            String pad = " ".repeat(Math.max(0, shownLength - text.length()));
            shownLength = text.length();
            out.print("\r" + text + pad);
            out.flush();
        } else {
            out.println(text);
        }
    }

    private boolean isUnderWay(Progress arm) {
        return !arm.stopped && arm.done < stepsPerArm;
    }

    /** Steps still to come at their present pace, with the share of pauses (evaluations, starts of segments) so far. */
    private String left() {
        double seconds = 0;
        for (Progress arm : arms.values()) {
            if (isUnderWay(arm)) {
                seconds += (stepsPerArm - arm.done) * (arm.stepSeconds + pauseSeconds / stepsSeen);
            }
        }
        long whole = Math.round(seconds);
        return whole >= 3600
                ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole % 3600 / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
    }

    private void line(String text) {
        if (shownLength > 0) {
            out.print("\r" + " ".repeat(shownLength) + "\r");
            shownLength = 0;
        }
        out.println(Redaction.of(text));
        out.flush();
    }
}
