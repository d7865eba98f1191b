package siglip.job.losses;

import java.util.Map;

/**
 * How fast a rank is, and what it does beside the loss. All ranks are alike, and nothing disturbs them.
 *
 * @param network what messages take
 * @param work seconds of one core for one of each {@link LossWork}, by its name
 * @param addedFloat seconds of one core for adding one float of a gradient to another
 * @param copiedFloat seconds of one core for copying one float
 * @param meanwhile seconds of the images' backward pass, during which the last of the texts' gradient is on its way
 */
public record LossPace(
        LossShape shape,
        Network network,
        Map<String, Double> work,
        double addedFloat,
        double copiedFloat,
        double meanwhile) {

    double pairs() {
        return shape.localRows();
    }

    /** Floats of a rank's block of embeddings. */
    double block() {
        return pairs() * shape.width();
    }

    double of(LossWork part) {
        return work.get(part.name());
    }

    /** Seconds of a pass over one block of texts: each lane has its own rows of images. */
    double pass(LossWork ofPair) {
        return shape.laneRows() * pairs() * of(ofPair);
    }

    /** Seconds for adding up what lanes other than the first gathered of a block's gradient, and for clearing their memory. */
    double lanesAdded() {
        int others = shape.cores() - 1;
        return others == 0 ? 0 : block() * (copiedFloat + others * addedFloat / shape.cores());
    }

    /** Processor time that messages of a phase take from computing: the network's threads run on the rank's cores. */
    double taken(int messages, double bytes) {
        return shape.ranks() == 1 ? 0 : network.work(messages, bytes) / shape.cores();
    }

    RingTimeline timeline() {
        return new RingTimeline(
                shape.ranks(), network, 4 * pairs() * (shape.width() + 1), 4 * block(), block() * addedFloat);
    }
}
