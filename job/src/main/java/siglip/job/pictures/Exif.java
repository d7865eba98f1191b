package siglip.job.pictures;

import com.drew.lang.ByteArrayReader;
import com.drew.metadata.Directory;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;

/** What EXIF data say that matters here. */
final class Exif {
    static final String PREAMBLE = "Exif\0\0";

    private Exif() {}

    /**
     * How the stored picture is turned to be shown.
     *
     * @param exif EXIF data from their byte order mark on, or nothing
     * @return 1 to 8; 1, which is upright, if they do not say
     */
    static int orientation(byte[] exif) {
        Metadata metadata = new Metadata();
        new ExifReader().extract(new ByteArrayReader(exif), metadata, 0);
        Directory directory = metadata.getFirstDirectoryOfType(ExifIFD0Directory.class);
        return directory == null ? 1 : orientation(directory);
    }

    static int orientation(Directory directory) {
        Integer value = directory.getInteger(ExifIFD0Directory.TAG_ORIENTATION);
        return value == null || value < 1 || value > 8 ? 1 : value;
    }
}
