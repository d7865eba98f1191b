package siglip.job.pictures;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.TreeMap;

/**
 * A JPEG file, and what its colours mean.
 *
 * <p>Decoder guess from APP segments whether three samples are RGB or YCbCr and four are CMYK or YCCK, and do not agree. The file is handed
 * on with one such segment, Adobe's, that states what libjpeg would take it for, and without those that only metadata readers need: a
 * damaged thumbnail is no reason to refuse a picture. Four samples are inverted, as Adobe writes them and as everybody reads them.
 */
record JpegFile(byte[] stated, int width, int height, int components, byte[] profile, int orientation)
        implements PictureFile {
    private static final int RGB_OR_CMYK = 0;
    private static final int YCBCR = 1;
    private static final int YCCK = 2;
    private static final String PROFILE = "ICC_PROFILE\0";
    private static final byte[] NONE = {};

    static JpegFile open(Bytes file) throws RejectedException {
        return new Segments(file).read();
    }

    @Override
    public Argb read(Step step) throws IOException {
        if (components == 4) {
            return Decoder.CMYK_JPEG.read(stated, step); // which applies the profile
        }
        Argb picture = Decoder.JPEG.read(stated, step);
        Profile.toSrgb(picture, profile);
        return picture;
    }

    /** Walks through the segments up to the first scan. */
    private static final class Segments {
        private final Bytes file;
        private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
        private final ByteArrayOutputStream profileSegments = new ByteArrayOutputStream();
        private final TreeMap<Integer, byte[]> profile = new TreeMap<>();
        private byte[] exif = NONE;
        private boolean jfif;
        private int adobe = -1;
        private int frame = -1;

        Segments(Bytes file) {
            this.file = file;
        }

        JpegFile read() throws RejectedException {
            int at = 2;
            while (true) {
                while (file.u8(at) == 0xff && file.u8(at + 1) == 0xff) {
                    at++;
                }
                if (file.u8(at) != 0xff) {
                    throw new RejectedException(Fault.DAMAGED, "the picture is damaged: no JPEG segment at byte " + at);
                }
                int marker = file.u8(at + 1);
                if (marker == 0xd9) {
                    throw new RejectedException(
                            Fault.TRUNCATED, "the picture is cut off: the JPEG file ends before its data");
                }
                int length = file.u16(at + 2);
                file.require(at, 2L + length);
                if (marker == 0xda) {
                    return picture(at);
                }
                segment(marker, at, length + 2);
                at += length + 2;
            }
        }

        private void segment(int marker, int at, int length) throws RejectedException {
            switch (marker) {
                case 0xe0 -> jfif |= file.has(at + 4, "JFIF");
                case 0xe1 -> {
                    if (exif.length == 0 && file.has(at + 4, Exif.PREAMBLE)) {
                        exif = file.copy(at + 4 + Exif.PREAMBLE.length(), at + length);
                    }
                }
                case 0xe2 -> {
                    if (file.has(at + 4, PROFILE)) {
                        int data = at + 4 + PROFILE.length();
                        profile.put(file.u8(data), file.copy(data + 2, at + length));
                        profileSegments.write(file.array(), at, length);
                    }
                }
                case 0xee -> {
                    if (file.has(at + 4, "Adobe") && length >= 16) {
                        adobe = file.u8(at + 15);
                    }
                }
                case 0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf -> throw new RejectedException(
                        Fault.VARIANT);
                case 0xc0, 0xc1, 0xc2 -> {
                    frame = at;
                    kept.write(file.array(), at, length);
                }
                default -> {
                    if (marker < 0xe0 || marker == 0xff) { // neither an APP segment nor, at 0xfe, a comment
                        kept.write(file.array(), at, length);
                    }
                }
            }
        }

        private JpegFile picture(int scan) throws RejectedException {
            if (frame < 0) {
                throw new RejectedException(Fault.DAMAGED, "the picture is damaged: a JPEG scan before its frame");
            }
            int components = file.u8(frame + 9);
            if (file.u8(frame + 4) != 8 || components == 2 || components > 4) {
                throw new RejectedException(Fault.VARIANT);
            }
            byte[] all = concatenated();
            return new JpegFile(
                    stated(components, scan),
                    file.u16(frame + 7),
                    file.u16(frame + 5),
                    components,
                    all,
                    Exif.orientation(exif));
        }

        private byte[] concatenated() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            profile.values().forEach(all::writeBytes);
            return all.toByteArray();
        }

        private byte[] stated(int components, int scan) throws RejectedException {
            ByteArrayOutputStream out = new ByteArrayOutputStream(file.length() + 16);
            out.writeBytes(new byte[] {(byte) 0xff, (byte) 0xd8});
            if (components > 1) {
                byte transform = (byte) transform(components);
                out.writeBytes(new byte[] {
                    (byte) 0xff, (byte) 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, transform
                });
            }
            if (components == 4) {
                out.writeBytes(profileSegments.toByteArray());
            }
            out.writeBytes(kept.toByteArray());
            out.write(file.array(), scan, file.length() - scan);
            return out.toByteArray();
        }

        /** After {@code default_decompress_parms} of libjpeg. */
        private int transform(int components) throws RejectedException {
            if (components == 4) {
                return adobe <= 0 ? RGB_OR_CMYK : YCCK;
            }
            if (jfif) {
                return YCBCR;
            }
            if (adobe >= 0) {
                return adobe == 0 ? RGB_OR_CMYK : YCBCR;
            }
            boolean named = file.u8(frame + 10) == 'R' && file.u8(frame + 13) == 'G' && file.u8(frame + 16) == 'B';
            return named ? RGB_OR_CMYK : YCBCR;
        }
    }
}
