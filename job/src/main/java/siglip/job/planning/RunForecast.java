package siglip.job.planning;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import siglip.job.config.PlanSettings;
import siglip.job.files.Unit;
import siglip.job.losses.Network;
import siglip.job.ring.TextBlock;

/**
 * What a run would take on one number of ranks.
 *
 * @param rates what one core does, as measured
 * @param spread of the time of a step between rounds of measuring: the longest over the shortest, less one
 * @param arms one step of each
 * @param rank memory that a rank holds, of all arms together
 * @param driver memory that the driver holds for them
 * @param warnings what would not fit
 */
public record RunForecast(
        Workload work,
        Rates rates,
        double spread,
        List<StepForecast> arms,
        Memory rank,
        Memory driver,
        List<String> warnings) {
    private static final long ONE_BUFFER = Integer.MAX_VALUE - 128;
    private static final long HOUR = 3600;

    public RunForecast {
        arms = List.copyOf(arms);
        warnings = List.copyOf(warnings);
    }

    public static RunForecast of(Workload work, Rates rates, Network network, TowerBytes towers, PlanSettings limits) {
        return of(work, List.of(rates), network, towers, limits);
    }

    /** @param rounds of measuring, at least one: the plan rests on the median of each rate */
    static RunForecast of(Workload work, List<Rates> rounds, Network network, TowerBytes towers, PlanSettings limits) {
        double asked = (double) work.lossShape().ranks() * work.lossShape().cores();
        double slower = Math.max(1, asked / limits.cores().orElse((int) Math.min(asked, Integer.MAX_VALUE)));
        Rates rates = Rates.median(rounds);
        List<StepForecast> arms = arms(work, rates.slowed(slower), network.slowed(slower), towers);
        DoubleSummaryStatistics steps = rounds.stream()
                .mapToDouble(round -> seconds(arms(work, round.slowed(slower), network.slowed(slower), towers)))
                .summaryStatistics();
        double spread = steps.getMin() > 0 ? steps.getMax() / steps.getMin() - 1 : 0;
        Memory rank = new RankMemory(work, towers).whole();
        Memory driver = DriverMemory.of(work);
        return new RunForecast(work, rates, spread, arms, rank, driver, warnings(work, rank, driver, limits));
    }

    private static List<StepForecast> arms(Workload work, Rates rates, Network network, TowerBytes towers) {
        return new StepModel(work, rates, network, towers).arms();
    }

    /** Seconds of one step of all arms, which take turns. */
    public double seconds() {
        return seconds(arms);
    }

    private static double seconds(List<StepForecast> arms) {
        return arms.stream().mapToDouble(StepForecast::seconds).sum();
    }

    /** Cores of all ranks for the hours of the whole run; the driver's are not counted, nor are evaluations. */
    public double coreHours(StepForecast arm) {
        return arm.seconds()
                * work.steps()
                * work.lossShape().ranks()
                * work.lossShape().cores()
                / HOUR;
    }

    private static List<String> warnings(Workload work, Memory rank, Memory driver, PlanSettings limits) {
        List<String> warnings = new ArrayList<>();
        limits.executorMemory()
                .ifPresent(most -> tooMuch("A rank", "plan.executor-memory", rank.total(), most, warnings));
        limits.driverMemory()
                .ifPresent(most -> tooMuch("The driver", "plan.driver-memory", driver.total(), most, warnings));
        long texts =
                TextBlock.bytes(work.lossShape().localRows(), work.lossShape().width());
        if (texts > ONE_BUFFER) {
            warnings.add(
                    "A rank's block of texts takes %,d bytes, and one message holds at most 2 GiB: it takes at least %d ranks"
                            .formatted(texts, (texts * work.lossShape().ranks() + ONE_BUFFER - 1) / ONE_BUFFER));
        }
        if (work.pieces().bytes(0) > ONE_BUFFER) {
            warnings.add(
                    "A piece of the model takes %,d bytes, and one message holds at most 2 GiB: it takes more ranks"
                            .formatted(work.pieces().bytes(0)));
        }
        return warnings;
    }

    private static void tooMuch(String who, String setting, long needed, long most, List<String> warnings) {
        if (needed > most) {
            warnings.add(String.format(
                    Locale.ROOT,
                    "%s does not fit: it takes %s for its blocks alone, and %s is %s",
                    who,
                    Unit.BYTES.plain(needed),
                    setting,
                    Unit.BYTES.plain(most)));
        }
    }
}
