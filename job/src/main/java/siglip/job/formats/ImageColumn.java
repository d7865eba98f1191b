package siglip.job.formats;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.features.ExactMoments;
import siglip.job.features.FeatureMoments;
import siglip.job.features.FeatureNames;
import siglip.job.features.PictureFeatures;
import siglip.job.pictures.Decoded;
import siglip.job.pictures.Inspected;
import siglip.job.pictures.Rejected;
import siglip.job.pictures.Thumbnail;

/** How the image of a row becomes features. */
public sealed interface ImageColumn extends Serializable {
    /** What makes the features. */
    String name();

    /** The features, not scaled yet; the cell is not null. */
    float[] read(InternalRow row) throws InvalidRow;

    /** Whether reading takes so long that no row should be read twice. */
    boolean isComputed();

    /** A small picture for people, as JPEG; empty where there is none to show. */
    default byte[] thumbnail(InternalRow row, int px) throws InvalidRow {
        return new byte[0];
    }

    /** What the cell holds, in words for people; it is not null. */
    String shown(InternalRow row) throws InvalidRow;

    /** Sums for the scaling of so many features. */
    FeatureMoments moments(int width);

    /** Encoded pictures. */
    record Pictures(PictureFeatures features, long maxPixels) implements ImageColumn {
        @Override
        public String name() {
            return features.name();
        }

        @Override
        public float[] read(InternalRow row) throws InvalidRow {
            return read(row.getBinary(PairTable.IMAGE));
        }

        private float[] read(byte[] file) throws InvalidRow {
            Decoded decoded = siglip.job.pictures.Pictures.decode(file, features.px(), maxPixels);
            if (decoded instanceof Rejected rejected) {
                throw new InvalidRow(rejected.fault().sentence());
            }
            return features.of(((Decoded.Pixels) decoded).rgb());
        }

        @Override
        public byte[] thumbnail(InternalRow row, int px) {
            return thumbnail(row.getBinary(PairTable.IMAGE), px);
        }

        @Override
        public String shown(InternalRow row) {
            return shown(row.getBinary(PairTable.IMAGE));
        }

        private String shown(byte[] file) {
            Inspected found = siglip.job.pictures.Pictures.inspect(file);
            return found instanceof Inspected.Size size
                    ? "%s of %d x %d pixels".formatted(size.format(), size.width(), size.height())
                    : ((Rejected) found).detail();
        }

        private byte[] thumbnail(byte[] file, int px) {
            return Thumbnail.jpeg(file, px, maxPixels);
        }

        @Override
        public boolean isComputed() {
            return true;
        }

        @Override
        public FeatureMoments moments(int width) {
            return features.moments();
        }
    }

    /** Paths or addresses of picture files. */
    record PicturePaths(Pictures pictures, PictureFiles files) implements ImageColumn {
        @Override
        public String name() {
            return pictures.name();
        }

        @Override
        public float[] read(InternalRow row) throws InvalidRow {
            return pictures.read(file(row));
        }

        @Override
        public byte[] thumbnail(InternalRow row, int px) throws InvalidRow {
            return pictures.thumbnail(file(row), px);
        }

        @Override
        public String shown(InternalRow row) throws InvalidRow {
            return pictures.shown(file(row));
        }

        private byte[] file(InternalRow row) throws InvalidRow {
            String address = row.getUTF8String(PairTable.IMAGE).toString();
            return files.read(address, row.getUTF8String(PairTable.FILE).toString());
        }

        @Override
        public boolean isComputed() {
            return true;
        }

        @Override
        public FeatureMoments moments(int width) {
            return pictures.moments(width);
        }
    }

    /** Features as they are given. */
    record Given(GivenFeatures type) implements ImageColumn {
        @Override
        public String name() {
            return FeatureNames.GIVEN;
        }

        @Override
        public float[] read(InternalRow row) throws InvalidRow {
            return type.readValid(row, PairTable.IMAGE, "image");
        }

        @Override
        public String shown(InternalRow row) throws InvalidRow {
            return "%d image features".formatted(read(row).length);
        }

        @Override
        public boolean isComputed() {
            return false;
        }

        @Override
        public FeatureMoments moments(int width) {
            return new ExactMoments(width);
        }
    }
}
