package siglip.job.pictures;

import java.io.IOException;

/** A picture file whose headers have been read. Nothing that grows with the picture has been allocated. */
interface PictureFile {
    /** Columns as stored; of an animation, those of the canvas. */
    int width();

    /** Rows as stored; of an animation, those of the canvas. */
    int height();

    /** How the stored picture is turned to be shown: the EXIF tag, from 1 to 8. */
    default int orientation() {
        return 1;
    }

    /** A bound on the memory that reading takes beside the pixels that come out of it. */
    default long workingBytes() {
        return 0;
    }

    /**
     * Every {@code step.x()}-th pixel of every {@code step.y()}-th row.
     *
     * @throws RejectedException if it proves to be cut off or damaged
     * @throws IOException as a decoder puts the same
     */
    Argb read(Step step) throws IOException;

    /**
     * Opens a file of any format.
     *
     * @throws RejectedException if it is no picture, or one that is not supported
     * @throws IOException if its headers are damaged
     */
    static PictureFile open(Bytes file, PictureFormat format) throws IOException {
        return switch (format) {
            case JPEG -> JpegFile.open(file);
            case PNG -> PngFile.open(file);
            case GIF -> GifFile.open(file);
            case BMP -> BmpFile.open(file);
            case TIFF -> TiffFile.open(file);
            case WEBP -> WebpFile.open(file);
        };
    }
}
