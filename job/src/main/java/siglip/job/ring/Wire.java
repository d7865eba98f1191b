package siglip.job.ring;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The bytes of control messages and of the headers of blocks: big-endian, all begin with magic, attempt and code. */
final class Wire {
    private static final int MAGIC = 0x51_67_4c_31; // "SgL1" with the case of its first letter
    private static final int PREFIX = 4 + 8 + 4;
    private static final int MAX_TEXT_BYTES = 4096;
    private static final int MAX_VALUES = 1024;

    /** What a message without a block is for. */
    enum Code {
        /** RPC to the driver: rank, text = host, port and numerics. Answered when all ranks are in. */
        HELLO,
        /** RPC to a rank: the sender's rank. */
        PEER,
        /** RPC to the driver: the segment is done. Answered when all ranks are done. */
        BYE,
        /** One way, to the sender of a block: a buffer for this frame is ready. */
        GRANT,
        /** One way, rank to driver and back: step, rank waited for, what for. */
        HEARTBEAT,
        /** One way, to the driver: arm, step, doubles: what the step took. */
        REPORT,
        /** One way, from the driver: the attempt is over, text = why. */
        ABORT,
        /** RPC to the driver: the rank gives up; whether another attempt may succeed, blame, whom it suspects, text = why. */
        FAILED,
        /** Header of a block. */
        BLOCK
    }

    private Wire() {}

    static ByteBuffer start(Code code, long attempt, int bytes) {
        return ByteBuffer.allocate(PREFIX + bytes)
                .putInt(MAGIC)
                .putLong(attempt)
                .putInt(code.ordinal());
    }

    /** Reads the prefix; refuses what is not ours or not of this attempt. */
    static Code code(ByteBuffer message, long attempt) {
        if (message.remaining() < PREFIX || message.getInt() != MAGIC) {
            throw new IllegalArgumentException("Cannot read a message: it is not of this protocol");
        }
        if (message.getLong() != attempt) {
            throw new IllegalArgumentException("Cannot take a message of another attempt");
        }
        int code = message.getInt();
        Code[] codes = Code.values();
        if (code < 0 || code >= codes.length) {
            throw new IllegalArgumentException("Cannot read a message: unknown code " + code);
        }
        return codes[code];
    }

    static ByteBuffer grant(long attempt, Frame frame) {
        ByteBuffer message = start(Code.GRANT, attempt, Frame.BYTES);
        frame.write(message);
        return message.flip();
    }

    static ByteBuffer block(long attempt, Frame frame, int bytes) {
        ByteBuffer message = start(Code.BLOCK, attempt, Frame.BYTES + 4);
        frame.write(message);
        return message.putInt(bytes).flip();
    }

    static ByteBuffer numbered(Code code, long attempt, int rank, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, MAX_TEXT_BYTES);
        return start(code, attempt, 8 + length)
                .putInt(rank)
                .putInt(length)
                .put(bytes, 0, length)
                .flip();
    }

    static ByteBuffer failed(
            long attempt, int rank, boolean mendable, RingException.Blame blame, int suspect, String why) {
        ByteBuffer text = numbered(Code.FAILED, attempt, suspect, why).position(PREFIX);
        return start(Code.FAILED, attempt, 12 + text.remaining())
                .putInt(rank)
                .putInt(mendable ? 1 : 0)
                .putInt(blame.ordinal())
                .put(text)
                .flip();
    }

    static RingException.Blame blame(ByteBuffer message) {
        int blame = message.getInt();
        RingException.Blame[] blames = RingException.Blame.values();
        if (blame < 0 || blame >= blames.length) {
            throw new IllegalArgumentException("Cannot read a message: unknown blame " + blame);
        }
        return blames[blame];
    }

    static String text(ByteBuffer message) {
        int length = message.getInt();
        if (length < 0 || length > MAX_TEXT_BYTES || length > message.remaining()) {
            throw new IllegalArgumentException("Cannot read a message: a text of " + length + " bytes");
        }
        byte[] bytes = new byte[length];
        message.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    static ByteBuffer report(long attempt, int arm, long step, double[] values) {
        ByteBuffer message = start(Code.REPORT, attempt, 4 + 8 + 4 + 8 * values.length)
                .putInt(arm)
                .putLong(step)
                .putInt(values.length);
        for (double value : values) {
            message.putDouble(value);
        }
        return message.flip();
    }

    static double[] values(ByteBuffer message) {
        int count = message.getInt();
        if (count < 0 || count > MAX_VALUES || count * (long) Double.BYTES > message.remaining()) {
            throw new IllegalArgumentException("Cannot read a message: a list of " + count + " values");
        }
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = message.getDouble();
        }
        return values;
    }

    static ByteBuffer heartbeat(long attempt, Progress progress) {
        byte[] what = progress.waitingFor().getBytes(StandardCharsets.UTF_8);
        int length = Math.min(what.length, MAX_TEXT_BYTES);
        return start(Code.HEARTBEAT, attempt, 8 + 4 + 4 + length)
                .putLong(progress.step())
                .putInt(progress.waitingOn())
                .putInt(length)
                .put(what, 0, length)
                .flip();
    }

    static Progress progress(ByteBuffer message) {
        return new Progress(message.getLong(), message.getInt(), text(message));
    }
}
