package siglip.job.losses;

/**
 * Goes through the loss of one step hop by hop, as {@code SigmoidExchange} and {@code GatheringExchange} do it, on a rank like all the others: what it
 * sends is what it receives. Texts are passed on when they arrive and there is a place for them at the next rank; a gradient leaves when its
 * share is computed and what came from the previous rank is added; both go over one wire, in the order of phases.
 */
final class RingTimeline {
    private final int ranks;
    private final Network network;
    private final double textBytes;
    private final double gradientBytes;
    private final double fold;
    private double wireFree;
    private double lastPassed;

    /**
     * @param textBytes of a block of texts
     * @param gradientBytes of a block of their gradients
     * @param fold seconds for adding a block of gradients to another
     */
    RingTimeline(int ranks, Network network, double textBytes, double gradientBytes, double fold) {
        this.ranks = ranks;
        this.network = network;
        this.textBytes = textBytes;
        this.gradientBytes = gradientBytes;
        this.fold = fold;
    }

    /** When a message is there that may leave at {@code ready}. */
    private double send(double ready, double bytes) {
        double start = Math.max(ready, wireFree);
        wireFree = start + bytes / network.bandwidth();
        return wireFree + network.latency();
    }

    /**
     * Seconds of a loss whose blocks are computed as their texts come by, with what the rank does meanwhile.
     *
     * @param block seconds for a block of this rank's images and one rank's texts
     * @param meanwhile seconds of what the rank does before it waits for the last of its own gradient
     */
    double passing(double block, double meanwhile) {
        wireFree = 0;
        double now = block;
        double[] text = new double[ranks + 1]; // by phase: when it arrives
        double[] room = new double[ranks + 2]; // by phase: when the next rank has a place for its text
        double[] gradient = new double[ranks + 1]; // by phase: when it arrives
        text[1] = ranks > 1 ? send(0, textBytes) : 0;
        for (int phase = 1; phase < ranks; phase++) {
            if (phase + 1 < ranks) {
                text[phase + 1] = send(Math.max(text[phase], room[phase + 1]), textBytes);
            }
            now = Math.max(now, text[phase]);
            if (phase > 2) { // the share's memory is that of two phases ago
                now = Math.max(now, gradient[phase - 1] + network.latency());
            }
            now = passOn(now + block, phase, gradient);
            if (phase + 2 < ranks) { // the place of this text is offered again once the next rank has the text
                now = Math.max(now, text[phase + 1] + network.latency());
                room[phase + 2] = now + network.latency();
            }
        }
        return home(now + meanwhile, gradient);
    }

    /**
     * Seconds of a loss that gathers all texts before it has a gradient, with what the rank does meanwhile.
     *
     * @param sums seconds for the first pass over a block
     * @param merge seconds for the columns' way round, with its messages
     * @param gradientPass seconds for the second pass over a block
     * @param meanwhile seconds of what the rank does before it waits for the last of its own gradient
     */
    double gathering(double sums, double merge, double gradientPass, double meanwhile) {
        wireFree = 0;
        double now = sums;
        double arrival = ranks > 1 ? send(0, textBytes) : 0;
        for (int phase = 1; phase < ranks; phase++) {
            now = Math.max(now, arrival) + sums;
            if (phase + 1 < ranks) {
                arrival = send(arrival, textBytes);
            }
        }
        now += merge;
        double[] gradient = new double[ranks + 1]; // by phase: when it arrives
        now += gradientPass;
        for (int phase = 1; phase < ranks; phase++) {
            if (phase > 2) {
                now = Math.max(now, gradient[phase - 1] + network.latency());
            }
            now = passOn(now + gradientPass, phase, gradient);
        }
        return home(now + meanwhile, gradient);
    }

    /** Adds what has come for the texts of a phase and sends the sum on; when the rank is free again. */
    private double passOn(double computed, int phase, double[] gradient) {
        double now = phase == 1 ? computed : Math.max(computed, gradient[phase]) + fold;
        // Its place at the next rank is that of two phases ago, free since the next rank added that: when this one did.
        double room = phase > 2 ? lastPassed + network.latency() : 0;
        gradient[phase + 1] = send(Math.max(now, room), gradientBytes);
        lastPassed = now;
        return now;
    }

    /** The rank's own gradient, from the last hop. */
    private double home(double now, double[] gradient) {
        return ranks == 1 ? now : Math.max(now, gradient[ranks]) + fold;
    }
}
