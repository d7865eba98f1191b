package siglip.job.trackers;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The content of a file of TensorBoard's events: records of a length, a message, and checksums of both. The messages are {@code Event} and
 * {@code Summary} of TensorFlow's protocol buffers, written by hand, since they are a handful of fields.
 *
 * @see <a href="https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto">event.proto</a>
 */
final class EventBytes {
    private static final String VERSION = "brain.Event:2";
    private static final int MASK = 0xa282ead8;

    // Field numbers and wire types of what is written.
    private static final int EVENT_TIME = 1 << 3 | 1;
    private static final int EVENT_STEP = 2 << 3;
    private static final int EVENT_VERSION = 3 << 3 | 2;
    private static final int EVENT_SUMMARY = 5 << 3 | 2;
    private static final int SUMMARY_VALUE = 1 << 3 | 2;
    private static final int VALUE_TAG = 1 << 3 | 2;
    private static final int VALUE_NUMBER = 2 << 3 | 5;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int records;

    /** @param time of the first event, in seconds since 1970 */
    EventBytes(double time) {
        ByteArrayOutputStream event = event(time);
        field(event, EVENT_VERSION, VERSION.getBytes(StandardCharsets.UTF_8));
        record(event.toByteArray());
        records = 0; // that one says nothing of a run
    }

    /** Adds numbers of one step, by their tags; each is kept as a float. */
    void add(double time, long step, Map<String, Double> numbers) {
        ByteArrayOutputStream summary = new ByteArrayOutputStream();
        numbers.forEach((tag, number) -> {
            ByteArrayOutputStream value = new ByteArrayOutputStream();
            field(value, VALUE_TAG, tag.getBytes(StandardCharsets.UTF_8));
            value.write(VALUE_NUMBER);
            value.writeBytes(little(Float.BYTES).putFloat(number.floatValue()).array());
            field(summary, SUMMARY_VALUE, value.toByteArray());
        });
        ByteArrayOutputStream event = event(time);
        event.write(EVENT_STEP);
        number(event, step);
        field(event, EVENT_SUMMARY, summary.toByteArray());
        record(event.toByteArray());
    }

    boolean isEmpty() {
        return records == 0;
    }

    int size() {
        return out.size();
    }

    byte[] toArray() {
        return out.toByteArray();
    }

    private static ByteArrayOutputStream event(double time) {
        ByteArrayOutputStream event = new ByteArrayOutputStream();
        event.write(EVENT_TIME);
        event.writeBytes(little(Double.BYTES).putDouble(time).array());
        return event;
    }

    private void record(byte[] message) {
        byte[] length = little(Long.BYTES).putLong(message.length).array();
        out.writeBytes(length);
        out.writeBytes(checksum(length));
        out.writeBytes(message);
        out.writeBytes(checksum(message));
        records++;
    }

    private static byte[] checksum(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return little(Integer.BYTES)
                .putInt(Integer.rotateRight((int) crc.getValue(), 15) + MASK)
                .array();
    }

    private static void field(ByteArrayOutputStream to, int key, byte[] bytes) {
        to.write(key);
        number(to, bytes.length);
        to.writeBytes(bytes);
    }

    /** Seven bits a byte, the lowest first. */
    private static void number(ByteArrayOutputStream to, long value) {
        long rest = value;
        while (rest >>> 7 != 0) {
            to.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        to.write((int) rest);
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
