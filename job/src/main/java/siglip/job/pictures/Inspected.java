package siglip.job.pictures;

/** What the header of a picture file says. */
public sealed interface Inspected permits Inspected.Size, Rejected {
    /**
     * A picture as it is shown: upright, and of an animation the whole canvas.
     *
     * @param width in pixels
     * @param height in pixels
     */
    record Size(PictureFormat format, int width, int height) implements Inspected {}
}
