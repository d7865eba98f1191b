package siglip.job.pictures;

import com.drew.imaging.tiff.TiffMetadataReader;
import com.drew.imaging.tiff.TiffProcessingException;
import com.drew.lang.ByteArrayReader;
import com.drew.metadata.Directory;
import com.drew.metadata.exif.ExifIFD0Directory;
import java.io.IOException;
import java.lang.reflect.Array;

/** The first page of a TIFF file. */
record TiffFile(Bytes file, int width, int height, int orientation) implements PictureFile {
    private static final int SAMPLE_FORMAT = 0x153;
    private static final int FLOATING_POINT = 3;

    static TiffFile open(Bytes file) throws IOException {
        Directory page;
        try {
            page = TiffMetadataReader.readMetadata(new ByteArrayReader(file.array()))
                    .getFirstDirectoryOfType(ExifIFD0Directory.class);
        } catch (TiffProcessingException e) {
            throw new IOException(e);
        }
        if (page == null) {
            throw new RejectedException(Fault.TRUNCATED);
        }
        int width = number(page, ExifIFD0Directory.TAG_IMAGE_WIDTH);
        int height = number(page, ExifIFD0Directory.TAG_IMAGE_HEIGHT);
        if (number(page, ExifIFD0Directory.TAG_TILE_WIDTH) > Pictures.MAX_SIDE) {
            throw new RejectedException(Fault.DAMAGED, "the picture is damaged: its tiles are too wide");
        }
        if (number(page, SAMPLE_FORMAT) == FLOATING_POINT) {
            throw new RejectedException(Fault.VARIANT);
        }
        requireData(file, page, ExifIFD0Directory.TAG_STRIP_OFFSETS, ExifIFD0Directory.TAG_STRIP_BYTE_COUNTS);
        requireData(file, page, ExifIFD0Directory.TAG_TILE_OFFSETS, ExifIFD0Directory.TAG_TILE_BYTE_COUNTS);
        return new TiffFile(file, width, height, Exif.orientation(page));
    }

    private static void requireData(Bytes file, Directory page, int offsets, int counts) throws RejectedException {
        for (int i = 0; i < count(page, offsets); i++) {
            file.require(value(page, offsets, i), i < count(page, counts) ? value(page, counts, i) : 0);
        }
    }

    private static int number(Directory page, int tag) {
        return count(page, tag) == 0 ? 0 : (int) value(page, tag, 0);
    }

    private static int count(Directory page, int tag) {
        Object value = page.getObject(tag);
        if (value == null) {
            return 0;
        }
        return value.getClass().isArray() ? Array.getLength(value) : 1;
    }

    /** One number is kept as such, several as an array of a type that depends on the file's. */
    private static long value(Directory page, int tag, int i) {
        Object value = page.getObject(tag);
        Object element = value.getClass().isArray() ? Array.get(value, i) : value;
        return element instanceof Number number ? number.longValue() : 0;
    }

    @Override
    public Argb read(Step step) throws IOException {
        return Decoder.TIFF.read(file.array(), step);
    }
}
