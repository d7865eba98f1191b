package siglip.job.pictures;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Tells from its first bytes what a file is. */
final class Signature {
    private static final int TEXT_BYTES = 1024;

    private static final List<Known> UNSUPPORTED = List.of(
            new Known("ff0a", Fault.JPEG_XL),
            new Known("0000000c4a584c20", Fault.JPEG_XL),
            new Known("0000000c6a502020", Fault.JPEG_2000),
            new Known("ff4fff51", Fault.JPEG_2000),
            new Known("49492b00", Fault.BIG_TIFF),
            new Known("4d4d002b", Fault.BIG_TIFF),
            new Known("00000100", Fault.ICON),
            new Known("38425053", Fault.PSD),
            new Known("255044462d", Fault.PDF),
            new Known("25215053", Fault.POSTSCRIPT),
            new Known("c5d0d3c6", Fault.POSTSCRIPT),
            new Known("1a45dfa3", Fault.VIDEO),
            new Known("1f8b", Fault.ARCHIVE),
            new Known("504b0304", Fault.ARCHIVE));

    private static final Pattern HTML =
            Pattern.compile("<(!doctype html|html|head|body|title|meta|script|div|p|h1)\\b.*", Pattern.DOTALL);

    private record Known(byte[] start, Fault fault) {
        Known(String hex, Fault fault) {
            this(HexFormat.of().parseHex(hex), fault);
        }
    }

    private Signature() {}

    /**
     * The format of a file.
     *
     * @throws RejectedException if it is none that is read, with what it is instead
     */
    static PictureFormat of(Bytes file) throws RejectedException {
        if (file.length() == 0) {
            throw new RejectedException(Fault.EMPTY);
        }
        if (file.startsWith(0xff, 0xd8, 0xff)) {
            return PictureFormat.JPEG;
        }
        if (file.startsWith(0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) {
            return PictureFormat.PNG;
        }
        if (file.startsWith('G', 'I', 'F', '8', '7', 'a') || file.startsWith('G', 'I', 'F', '8', '9', 'a')) {
            return PictureFormat.GIF;
        }
        if (file.startsWith('R', 'I', 'F', 'F') && file.has(8, "WEBP")) {
            return PictureFormat.WEBP;
        }
        if (file.startsWith('I', 'I', 42, 0) || file.startsWith('M', 'M', 0, 42)) {
            return PictureFormat.TIFF;
        }
        if (BmpHeader.isBmp(file)) {
            return PictureFormat.BMP;
        }
        throw new RejectedException(unsupported(file));
    }

    private static Fault unsupported(Bytes file) throws RejectedException {
        for (Known known : UNSUPPORTED) {
            if (file.startsWith(known.start)) {
                return known.fault;
            }
        }
        if (file.has(4, "ftyp")) {
            return ofBrands(file);
        }
        return file.has(0, "RIFF") ? Fault.VIDEO : ofText(file);
    }

    /** AVIF, HEIC and video share a container, which names what it holds. */
    private static Fault ofBrands(Bytes file) throws RejectedException {
        int end = (int) Math.min(file.length(), Math.min(file.u32(0), TEXT_BYTES));
        String brands = file.ascii(8, Math.max(0, end - 8));
        if (brands.contains("avif") || brands.contains("avis")) {
            return Fault.AVIF;
        }
        return Pattern.compile("hei[cxms]|hev[cxms]|mif1|msf1").matcher(brands).find() ? Fault.HEIC : Fault.VIDEO;
    }

    private static Fault ofText(Bytes file) {
        byte[] start = file.copy(0, Math.min(TEXT_BYTES, file.length()));
        for (byte b : start) {
            if (b >= 0 && b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f') {
                return Fault.UNKNOWN;
            }
        }
        String text = new String(start, StandardCharsets.UTF_8)
                .replace("\ufeff", "")
                .strip()
                .toLowerCase(Locale.ROOT);
        String body = Pattern.compile("<\\?.*?\\?>|<!--.*?-->", Pattern.DOTALL)
                .matcher(text)
                .replaceAll("")
                .strip();
        if (body.startsWith("<svg") || body.startsWith("<!doctype svg")) {
            return Fault.SVG;
        }
        if (HTML.matcher(body).matches()) {
            return Fault.HTML;
        }
        if (text.startsWith("<")) {
            return Fault.XML;
        }
        if (text.startsWith("{") || text.startsWith("[")) {
            return Fault.JSON;
        }
        return isUtf8(start) ? Fault.TEXT : Fault.UNKNOWN;
    }

    private static boolean isUtf8(byte[] start) {
        int whole = start.length;
        for (int back = 0;
                back < 3 && whole > 0 && start[whole - 1] < 0;
                back++) { // a character that the cut may have split
            whole--;
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(start, 0, whole));
            return whole > 0;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
