package siglip.job.pictures;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** A PNG file. Its decoder checks neither lengths nor checksums of chunks, so they are checked here. */
record PngFile(Bytes file, int width, int height, byte[] profile, int orientation) implements PictureFile {
    private static final int FIRST_CHUNK = 8;
    private static final int MAX_PROFILE_BYTES = 8 << 20;
    private static final byte[] NONE = {};

    static PngFile open(Bytes file) throws RejectedException {
        if (!file.has(FIRST_CHUNK + 4, "IHDR")) {
            throw new RejectedException(Fault.DAMAGED, "the picture is damaged: a PNG file without its header");
        }
        byte[] profile = NONE;
        byte[] exif = NONE;
        boolean standard = false;
        String type = "";
        for (int at = FIRST_CHUNK; !type.equals("IEND"); ) {
            file.require(at, 12);
            long length = file.u32(at);
            file.require(at, length + 12);
            int data = at + 8;
            int end = data + (int) length;
            type = file.ascii(at + 4, 4);
            if (Character.isUpperCase(type.charAt(0))) {
                requireChecksum(file, at + 4, end, type);
            }
            switch (type) {
                case "sRGB" -> standard = true;
                case "iCCP" -> profile = profile(file, data, end);
                case "eXIf" -> exif = file.copy(data, end);
                default -> {} // the decoder's
            }
            at = end + 4;
        }
        return new PngFile(
                file, (int) file.u32(16), (int) file.u32(20), standard ? NONE : profile, Exif.orientation(exif));
    }

    private static void requireChecksum(Bytes file, int from, int to, String type) throws RejectedException {
        CRC32 crc = new CRC32();
        crc.update(file.array(), from, to - from);
        if (crc.getValue() != file.u32(to)) {
            throw new RejectedException(
                    Fault.DAMAGED, "the picture is damaged: the checksum of its %s chunk is wrong".formatted(type));
        }
    }

    /** A name, a zero, the method of compression, and the profile compressed. */
    private static byte[] profile(Bytes file, int data, int end) {
        int at = data;
        while (at < end && file.array()[at] != 0) {
            at++;
        }
        if (at + 2 > end) {
            return NONE;
        }
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(file.array(), at + 2, end - at - 2);
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] buffer = new byte[4096];
            while (!inflater.finished()) {
                int count = inflater.inflate(buffer);
                out.write(buffer, 0, count);
                if (count == 0 || out.size() > MAX_PROFILE_BYTES) {
                    return NONE;
                }
            }
            return out.toByteArray();
        } catch (DataFormatException e) {
            return NONE;
        } finally {
            inflater.end();
        }
    }

    @Override
    public Argb read(Step step) throws IOException {
        Argb picture = Decoder.PNG.read(file.array(), step);
        Profile.toSrgb(picture, profile);
        return picture;
    }
}
