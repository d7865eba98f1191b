package siglip.job.pictures;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A file in memory, read at any place. What lies behind its end is a {@link Fault#TRUNCATED} picture.
 *
 * @param array not copied, and never written to
 */
record Bytes(byte[] array) {
    int length() {
        return array.length;
    }

    boolean startsWith(int... start) {
        if (array.length < start.length) {
            return false;
        }
        for (int i = 0; i < start.length; i++) {
            if ((array[i] & 255) != start[i]) {
                return false;
            }
        }
        return true;
    }

    boolean startsWith(byte[] start) {
        return array.length >= start.length && Arrays.equals(array, 0, start.length, start, 0, start.length);
    }

    boolean has(int at, String ascii) {
        return at + ascii.length() <= array.length && ascii(at, ascii.length()).equals(ascii);
    }

    String ascii(int at, int length) {
        return new String(array, at, length, StandardCharsets.ISO_8859_1);
    }

    byte[] copy(int from, int to) {
        return Arrays.copyOfRange(array, from, to);
    }

    /** Fails unless {@code count} bytes lie at {@code at}. */
    void require(long at, long count) throws RejectedException {
        if (at < 0 || count < 0 || at + count > array.length) {
            throw new RejectedException(
                    Fault.TRUNCATED,
                    "the picture is cut off: %d bytes of at least %d".formatted(array.length, at + count));
        }
    }

    int u8(int at) throws RejectedException {
        require(at, 1);
        return array[at] & 255;
    }

    /** Big-endian. */
    int u16(int at) throws RejectedException {
        return u8(at) << 8 | u8(at + 1);
    }

    /** Big-endian. */
    long u32(int at) throws RejectedException {
        return (long) u16(at) << 16 | u16(at + 2);
    }

    int u16le(int at) throws RejectedException {
        return u8(at) | u8(at + 1) << 8;
    }

    int u24le(int at) throws RejectedException {
        return u16le(at) | u8(at + 2) << 16;
    }

    long u32le(int at) throws RejectedException {
        return u16le(at) | (long) u16le(at + 2) << 16;
    }
}
