package siglip.job.towers;

/**
 * Parameters that lie together in the flat vector of the towers and belong together: the weights of a layer, or its biases.
 *
 * @param name tower, layer and part: {@code image.1.weights}
 * @param from index of the first
 * @param size how many
 * @param decays whether weight decay applies to them
 */
public record Tensor(String name, int from, int size, boolean decays) {
    Tensor after(int parameters) {
        return new Tensor(name, from + parameters, size, decays);
    }
}
