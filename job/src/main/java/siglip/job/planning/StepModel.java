package siglip.job.planning;

import java.util.ArrayList;
import java.util.List;
import siglip.job.losses.LossPace;
import siglip.job.losses.LossSpec;
import siglip.job.losses.LossTime;
import siglip.job.losses.Network;
import siglip.job.stage.PhaseSeconds;
import siglip.kernels.LossForm;

/**
 * Predicts a step of each arm. All ranks are alike, and nothing disturbs them: what a real cluster adds is waiting for its slowest machine of the
 * moment.
 */
final class StepModel {
    private final Workload work;
    private final Rates rates;
    private final Network network;
    private final RankMemory memory;
    private final double pairs; // of a rank
    private final double parameters; // that a step moves

    StepModel(Workload work, Rates rates, Network network, TowerBytes towers) {
        this.work = work;
        this.rates = rates;
        this.network = network;
        memory = new RankMemory(work, towers);
        pairs = work.lossShape().localRows();
        parameters = work.layout().dense()
                + (double) work.touchedRows(work.lossShape().rows().total())
                        * work.layout().tableWidth();
    }

    List<StepForecast> arms() {
        List<StepForecast> arms = new ArrayList<>();
        for (LossForm loss : work.losses()) {
            arms.add(arm(loss, arms.isEmpty()));
        }
        return arms;
    }

    private StepForecast arm(LossForm loss, boolean first) {
        Traffic traffic = traffic(loss);
        double lane = work.lossShape().laneRows();
        int again = work.microBatches() - 1;
        double dense = work.layout().dense();
        double features = pairs * (work.shape().imageWidth() + work.shape().textWidth());
        double backward =
                lane * rates.backward() + (again > 0 ? lane * rates.forward() : 0) + again * dense * rates.addedFloat();
        double ofImages = backward * work.layout().imageParameters() / dense; // a tower's part goes by its parameters
        LossTime time = LossSpec.of(loss)
                .time(new LossPace(
                        work.lossShape(), network, rates.loss(), rates.addedFloat(), rates.copiedFloat(), ofImages));
        double toDriver = (double) traffic.driver() / work.lossShape().ranks();
        double toRanks = (double) traffic.reduce() - toDriver;
        long others = work.lossShape().ranks() - 1L;
        double piece = network.seconds(others, toRanks / 2);
        PhaseSeconds computing = PhaseSeconds.of(phase -> switch (phase) {
            case BATCH -> first ? features * rates.copiedFloat() : 0;
            case FORWARD -> lane * rates.forward();
            case LOSS -> time.computing();
            case BACKWARD -> backward;
            case REDUCE -> parameters * (rates.copiedFloat() + work.lossShape().cores() * rates.addedFloat());
            case UPDATE -> parameters * rates.copiedFloat();
            case HOPS, DRIVER -> 0;
        });
        PhaseSeconds messages = PhaseSeconds.of(phase -> switch (phase) {
            case HOPS -> time.waiting();
            case REDUCE -> piece;
            case UPDATE -> 2 * network.seconds(work.lossShape().ranks(), (double) traffic.driver()) + piece;
            case BATCH, FORWARD, LOSS, BACKWARD, DRIVER -> 0;
        });
        return new StepForecast(
                loss, computing, messages, parameters * rates.update(), traffic, memory.accounted(loss));
    }

    /** Of the rank that sends most. */
    private Traffic traffic(LossForm loss) {
        Traffic most = Traffic.of(work, loss, 0);
        for (int rank : work.kindsOfRanks()) {
            Traffic other = Traffic.of(work, loss, rank);
            most = other.ring() + other.reduce() > most.ring() + most.reduce() ? other : most;
        }
        return most;
    }
}
