package siglip.job.batches;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.io.UncheckedIOException;

/**
 * An object on its way between driver and executors, as bytes of Java's own serialisation. What a job broadcasts or collects goes through
 * {@code spark.serializer}, which a cluster may have set to Kryo, and Spark's Kryo cannot handle records.
 */
public final class Shipped<T extends Serializable> implements Serializable {
    private final Class<T> type;
    private final byte[] bytes;

    @SuppressWarnings("serial") // read again from the bytes
    private transient T value;

    public Shipped(Class<T> type, T value) {
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
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    public static <T extends Serializable> T read(Class<T> type, byte[] bytes) {
        ClassLoader loader = Shipped.class.getClassLoader();
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes)) {
            @Override
            protected Class<?> resolveClass(ObjectStreamClass found) throws IOException, ClassNotFoundException {
                try {
                    return Class.forName(found.getName(), false, loader); // executors load the job's classes apart
                } catch (ClassNotFoundException e) {
                    return super.resolveClass(found); // primitives
                }
            }
        }) {
            return type.cast(in.readObject());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
