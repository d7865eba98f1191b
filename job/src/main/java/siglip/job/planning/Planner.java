package siglip.job.planning;

import java.util.ArrayList;
import java.util.List;
import siglip.job.config.LossSettings.Kind;
import siglip.job.stage.PhaseSeconds;

/**
 * Predicts a step of each arm. All ranks are alike, and nothing disturbs them: what a real cluster adds is waiting for its slowest machine of the
 * moment.
 */
final class Planner {
    private final Workload work;
    private final Rates rates;
    private final Network network;
    private final RankMemory memory;
    private final double pairs; // of a rank
    private final double block; // floats of a block of embeddings
    private final double parameters; // that a step moves

    Planner(Workload work, Rates rates, Network network, TowerBytes towers) {
        this.work = work;
        this.rates = rates;
        this.network = network;
        memory = new RankMemory(work, towers);
        pairs = work.localRows();
        block = pairs * work.width();
        parameters = work.layout().dense()
                + (double) work.touchedRows(work.rows().total()) * work.layout().tableWidth();
    }

    List<ArmPlan> arms() {
        List<ArmPlan> arms = new ArrayList<>();
        for (Kind kind : work.kinds()) {
            arms.add(arm(kind, arms.isEmpty()));
        }
        return arms;
    }

    private ArmPlan arm(Kind kind, boolean first) {
        Traffic traffic = traffic(kind);
        double lane = work.laneRows();
        int again = work.microBatches() - 1;
        double dense = work.layout().dense();
        double features = pairs * (work.shape().imageWidth() + work.shape().textWidth());
        double backward =
                lane * rates.backward() + (again > 0 ? lane * rates.forward() : 0) + again * dense * rates.addedFloat();
        double ofImages = backward * work.layout().imageParameters() / dense; // a tower's part goes by its parameters
        double[] loss = kind == Kind.SIGMOID ? sigmoid(ofImages) : softmax(ofImages);
        double toDriver = (double) traffic.driver() / work.ranks();
        double toRanks = (double) traffic.reduce() - toDriver;
        long others = work.ranks() - 1L;
        double piece = network.seconds(others, toRanks / 2);
        PhaseSeconds computing = PhaseSeconds.of(phase -> switch (phase) {
            case BATCH -> first ? features * rates.copiedFloat() : 0;
            case FORWARD -> lane * rates.forward();
            case LOSS -> loss[0];
            case BACKWARD -> backward;
            case REDUCE -> parameters * (rates.copiedFloat() + work.cores() * rates.addedFloat());
            case UPDATE -> parameters * rates.copiedFloat();
            case HOPS, DRIVER -> 0;
        });
        PhaseSeconds messages = PhaseSeconds.of(phase -> switch (phase) {
            case HOPS -> loss[1];
            case REDUCE -> piece;
            case UPDATE -> 2 * network.seconds(work.ranks(), (double) traffic.driver()) + piece;
            case BATCH, FORWARD, LOSS, BACKWARD, DRIVER -> 0;
        });
        return new ArmPlan(kind, computing, messages, parameters * rates.update(), traffic, memory.accounted(kind));
    }

    /** Of the rank that sends most. */
    private Traffic traffic(Kind kind) {
        Traffic most = Traffic.of(work, kind, 0);
        for (int rank = 1; rank < work.ranks(); rank++) {
            Traffic other = Traffic.of(work, kind, rank);
            most = other.ring() + other.reduce() > most.ring() + most.reduce() ? other : most;
        }
        return most;
    }

    /** Seconds of a pass over one block of texts: each lane has its own rows of images. */
    private double pass(double ofPair) {
        return work.laneRows() * pairs * ofPair;
    }

    /** Seconds for adding up what lanes other than the first gathered of a block's gradient, and for clearing their memory. */
    private double lanesAdded() {
        int others = work.cores() - 1;
        return others == 0 ? 0 : block * (rates.copiedFloat() + others * rates.addedFloat() / work.cores());
    }

    private RingTimeline timeline() {
        return new RingTimeline(
                work.ranks(), network, 4 * pairs * (work.width() + 1), 4 * block, block * rates.addedFloat());
    }

    /** Processor time that messages of a phase take from computing: the network's threads run on the rank's cores. */
    private double taken(int messages, double bytes) {
        return work.ranks() == 1 ? 0 : network.work(messages, bytes) / work.cores();
    }

    /**
     * Computing and waiting.
     *
     * @param meanwhile seconds of the images' backward pass, during which the last hop is on its way
     */
    private double[] sigmoid(double meanwhile) {
        double of = pass(rates.sigmoid()) + lanesAdded() + taken(2, 4 * (2 * block + pairs));
        double computed = work.ranks() * of;
        return new double[] {computed, waiting(timeline().sigmoid(of, meanwhile), computed + meanwhile)};
    }

    private double[] softmax(double meanwhile) {
        double sums = pass(rates.softmaxSums()) + taken(1, 4 * (block + pairs));
        double gradient = pass(rates.softmaxGradient()) + lanesAdded() + taken(1, 4 * block);
        double all = work.rows().total();
        long others = work.ranks() - 1L;
        double merged = all * work.cores() * rates.mergedColumn() + 2 * network.seconds(others, 48 * (all - pairs));
        double computed = work.ranks() * (sums + gradient);
        return new double[] {
            computed, waiting(timeline().softmax(sums, merged, gradient, meanwhile), computed + meanwhile)
        };
    }

    /** What of the whole nothing hides; where nothing is waited for, a rounding may be left. */
    private static double waiting(double whole, double busy) {
        return Math.max(0, whole - busy);
    }
}
