package siglip.job.config;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * @param width of the embeddings, d
 * @param image the image tower
 * @param text the text tower; its table is used when captions are raw
 * @param table the hashed table under a text tower of raw captions
 */
public record TowerSettings(int width, Tower image, Tower text, Table table) {
    /**
     * @param hidden widths of the hidden layers
     * @param activation of the hidden layers, by DL4J's name
     * @param inputDropout share of inputs set to zero while training, 0 to 1
     * @param graph file of a DL4J ComputationGraph (configuration JSON or model zip) to use in place of the layers
     */
    public record Tower(List<Integer> hidden, String activation, double inputDropout, Optional<String> graph) {}

    /**
     * @param buckets rows of the table, a power of two
     * @param width of a row
     * @param deviation standard deviation of the initial rows
     */
    public record Table(int buckets, int width, double deviation) implements Serializable {}
}
