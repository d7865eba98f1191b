package siglip.job.losses;

/**
 * Seconds of the loss of one step on one rank.
 *
 * @param computing products and element-wise part, with the processor time that messages take from it
 * @param waiting for messages: what computing does not hide
 */
public record LossTime(double computing, double waiting) {
    /**
     * @param whole seconds from the start of the loss until the gradient of the texts is whole
     * @param meanwhile seconds of those in which the rank does something else; where nothing is waited for, a rounding may be left
     */
    static LossTime of(double computing, double whole, double meanwhile) {
        return new LossTime(computing, Math.max(0, whole - (computing + meanwhile)));
    }
}
