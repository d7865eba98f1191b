package siglip.job.pictures;

/**
 * A picture that cannot be used.
 *
 * @param fault what rows are counted by
 * @param detail a sentence about this picture
 */
public record Rejected(Fault fault, String detail) implements Decoded, Inspected {
    Rejected(Fault fault) {
        this(fault, fault.sentence());
    }
}
