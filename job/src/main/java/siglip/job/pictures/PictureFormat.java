package siglip.job.pictures;

/** The formats that are read. */
public enum PictureFormat {
    JPEG,
    PNG,
    GIF,
    BMP,
    TIFF,
    WEBP
}
