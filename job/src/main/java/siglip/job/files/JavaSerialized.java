package siglip.job.files;

import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.SparkEnv;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag$;

/**
 * An object on its way between driver and executors, as bytes of Java's own serialisation. What a job broadcasts or collects goes through
 * {@code spark.serializer}, which a cluster may have set to Kryo, and Spark's Kryo cannot handle records.
 */
public final class JavaSerialized<T extends Serializable> implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Class<T> type;
    private final byte[] bytes;

    @SuppressWarnings("serial") // read again from the bytes
    private transient T value;

    public JavaSerialized(Class<T> type, T value) {
        this.type = type;
        this.bytes = bytes(value);
    }

    /** The object; read once in each process that the broadcast reached. */
    public synchronized T value() {
        if (value == null) {
            value = read(type, bytes);
        }
        return value;
    }

    public static byte[] bytes(Serializable value) {
        ByteBuffer buffer = java().serialize(value, ClassTag$.MODULE$.apply(Serializable.class));
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    public static <T extends Serializable> T read(Class<T> type, byte[] bytes) {
        // Executors load the job's classes apart from Spark's.
        return java().deserialize(
                        ByteBuffer.wrap(bytes), JavaSerialized.class.getClassLoader(), ClassTag$.MODULE$.apply(type));
    }

    private static SerializerInstance java() {
        return new JavaSerializer(SparkEnv.get().conf()).newInstance();
    }
}
