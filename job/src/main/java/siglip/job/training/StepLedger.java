package siglip.job.training;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import siglip.job.ring.DriverNode;
import siglip.job.stage.RankStep;

/** Holds a step's record back until every rank has said what the step took, and then passes it on. */
final class StepLedger {
    private record Name(int arm, long step) {}

    /** Something to do once these steps have been passed on. */
    private record Afterwards(Set<Name> steps, Runnable action) {}

    private final int ranks;
    private final Consumer<StepRecord> done;
    private final Map<Name, StepRecord> waiting = new LinkedHashMap<>();
    private final Deque<Afterwards> afterwards = new ArrayDeque<>();
    private final Map<Name, Map<Integer, RankStep>> times = new HashMap<>();

    StepLedger(int ranks, Consumer<StepRecord> done) {
        this.ranks = ranks;
        this.done = done;
    }

    /** A step is complete on the driver, after so many seconds. */
    void add(int arm, StepRecord step, double seconds) {
        waiting.put(new Name(arm, step.step()), step.timed(seconds, step.driverSeconds(), List.of()));
    }

    /** Does something as soon as all steps so far have been passed on. */
    void afterwards(Runnable action) {
        afterwards.add(new Afterwards(new HashSet<>(waiting.keySet()), action));
        doDue();
    }

    /** Takes what the ranks have reported so far, and passes on the records that are whole. */
    void collect(DriverNode node) {
        for (Optional<DriverNode.Report> next = node.nextReport(); next.isPresent(); next = node.nextReport()) {
            DriverNode.Report report = next.get();
            times.computeIfAbsent(new Name(report.arm(), report.step()), name -> new TreeMap<>())
                    .put(report.rank(), RankStep.read(report.rank(), report.values()));
        }
        for (Name name : List.copyOf(waiting.keySet())) {
            if (times.getOrDefault(name, Map.of()).size() == ranks) {
                pass(name);
            }
        }
    }

    /** Passes on all that is left, with the times of those ranks that reported. */
    void close() {
        List.copyOf(waiting.keySet()).forEach(this::pass);
        times.clear();
    }

    private void pass(Name name) {
        StepRecord step = waiting.remove(name);
        List<RankStep> byRank = new ArrayList<>();
        if (times.containsKey(name)) {
            times.remove(name).values().forEach(rank -> byRank.add(rank.withDriver(step.driverSeconds())));
        }
        done.accept(step.timed(step.seconds(), step.driverSeconds(), byRank));
        afterwards.forEach(each -> each.steps().remove(name));
        doDue();
    }

    private void doDue() {
        while (!afterwards.isEmpty() && afterwards.peek().steps().isEmpty()) {
            afterwards.remove().action().run();
        }
    }
}
