package siglip.job.ring;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Frames of Spark's network protocol as a ring sent them, and mutations of them.
 *
 * <p>A frame is a long with its own length, a byte with its type, and what {@link FrameGuard} describes; the bytes of an upload
 * follow its frame.
 */
final class Traffic {
    private static final int MAGIC = 0x51_67_4c_31;
    private static final int UPLOAD = 10;
    private static final int[] EXTREMES = {
        Integer.MIN_VALUE, -1, 0, 1, 7, 8, 9, 255, 4096, 4097, 65_536, 1 << 20, 1 << 30, Integer.MAX_VALUE
    };

    private final List<byte[]> frames;

    private Traffic(List<byte[]> frames) {
        this.frames = frames;
    }

    /** Cuts recordings of whole connections into frames; one that is cut off at the end is left out. */
    static Traffic of(List<byte[]> recordings) {
        List<byte[]> frames = new ArrayList<>();
        for (byte[] recording : recordings) {
            ByteBuffer bytes = ByteBuffer.wrap(recording);
            int at = 0;
            while (at + 9 <= recording.length) {
                long end = at + bytes.getLong(at);
                if (bytes.get(at + 8) == UPLOAD && end <= recording.length) {
                    end += bytes.getLong((int) end - Long.BYTES);
                }
                if (end > recording.length) {
                    break;
                }
                frames.add(Arrays.copyOfRange(recording, at, (int) end));
                at = (int) end;
            }
        }
        return new Traffic(frames);
    }

    /** The same with messages of the ring added, as requests, one-way messages and uploads of 16 bytes. */
    Traffic with(List<ByteBuffer> messages, List<ByteBuffer> headers) {
        List<byte[]> more = new ArrayList<>(frames);
        for (ByteBuffer message : messages) {
            int size = message.remaining();
            more.add(frame(ByteBuffer.allocate(13 + size)
                    .put((byte) 3)
                    .putLong(9)
                    .putInt(size)
                    .put(message.duplicate())));
            more.add(frame(
                    ByteBuffer.allocate(5 + size).put((byte) 9).putInt(size).put(message.duplicate())));
        }
        for (ByteBuffer header : headers) {
            int size = header.remaining();
            byte[] upload = frame(ByteBuffer.allocate(21 + size)
                    .put((byte) UPLOAD)
                    .putLong(9)
                    .putInt(size)
                    .put(header.duplicate())
                    .putLong(16));
            more.add(Arrays.copyOf(upload, upload.length + 16));
        }
        return new Traffic(more);
    }

    private static byte[] frame(ByteBuffer rest) {
        byte[] frame = new byte[8 + rest.capacity()];
        ByteBuffer.wrap(frame).putLong(frame.length).put(rest.flip());
        return frame;
    }

    int size() {
        return frames.size();
    }

    /** How many of the frames carry a message of the ring with this code. */
    long count(Wire.Code code) {
        return frames.stream()
                .filter(frame -> {
                    int at = magic(frame);
                    return at >= 0 && ByteBuffer.wrap(frame).getInt(at + 12) == code.ordinal();
                })
                .count();
    }

    /** Where a ring's message begins in a frame; -1 if it holds none. */
    private static int magic(byte[] frame) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        for (int at = 9; at + 16 <= frame.length && at < 32; at++) {
            if (bytes.getInt(at) == MAGIC) {
                return at;
            }
        }
        return -1;
    }

    /** A frame, most often with one or a few things changed; now and then nothing but noise. */
    byte[] mutant(SplittableRandom random, long attempt) {
        byte[] frame = frames.get(random.nextInt(frames.size())).clone();
        int at = magic(frame);
        if (at >= 0 && random.nextInt(4) > 0) { // else it is of an old attempt
            ByteBuffer.wrap(frame).putLong(at + 4, attempt);
        }
        int changes = random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            frame = change(frame, at, random);
        }
        return frame;
    }

    /** A ring's message out of a frame, changed or not. */
    byte[] message(SplittableRandom random, long attempt) {
        byte[] frame = frames.get(random.nextInt(frames.size())).clone();
        int at = magic(frame);
        if (at < 0) {
            return mutant(random, attempt);
        }
        ByteBuffer.wrap(frame).putLong(at + 4, attempt);
        byte[] changed = random.nextInt(3) == 0 ? frame : change(frame, at, random);
        return Arrays.copyOfRange(changed, Math.min(at, changed.length), changed.length);
    }

    private static byte[] change(byte[] frame, int at, SplittableRandom random) {
        ByteBuffer bytes = ByteBuffer.wrap(frame);
        switch (random.nextInt(8)) {
            case 0 -> { // flip bits
                for (int i = 1 + random.nextInt(8); i > 0 && frame.length > 0; i--) {
                    frame[random.nextInt(frame.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            case 1 -> { // cut off; the frame says its new length, or the old one
                byte[] shorter = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
                return random.nextBoolean() ? shorter : withLength(shorter);
            }
            case 2 -> { // draw out
                byte[] longer = Arrays.copyOf(frame, frame.length + 1 + random.nextInt(64));
                return random.nextBoolean() ? longer : withLength(longer);
            }
            case 3 -> { // a length, or something else, at an extreme
                int extreme = EXTREMES[random.nextInt(EXTREMES.length)];
                if (frame.length >= 4) {
                    bytes.putInt(random.nextInt(Math.min(frame.length, 64) - 3), extreme);
                }
            }
            case 4 -> { // the frame's own length at an extreme
                if (frame.length >= 8) {
                    bytes.putLong(
                            0, EXTREMES[random.nextInt(EXTREMES.length)] * (random.nextBoolean() ? 1L : 1L << 31));
                }
            }
            case 5 -> { // another type
                if (frame.length >= 9) {
                    frame[8] = (byte) (random.nextInt(16) - 2);
                }
            }
            case 6 -> { // another code, rank, kind, arm, step or phase: the words behind the attempt's number
                int word = at + 12 + 4 * random.nextInt(8);
                if (at >= 0 && word + 4 <= frame.length) {
                    bytes.putInt(word, random.nextInt(-3, 10));
                }
            }
            default -> { // noise
                byte[] noise = new byte[random.nextInt(200)];
                random.nextBytes(noise);
                return random.nextBoolean() ? noise : withLength(noise);
            }
        }
        return frame;
    }

    private static byte[] withLength(byte[] frame) {
        if (frame.length >= 8) {
            ByteBuffer.wrap(frame).putLong(0, frame.length);
        }
        return frame;
    }
}
