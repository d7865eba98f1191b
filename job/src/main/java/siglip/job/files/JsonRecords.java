package siglip.job.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The objects of a file: one a line, or the elements of one array. Empty lines are no objects. */
public final class JsonRecords implements Closeable {
    private static final JsonFactory JSON = new JsonFactory();

    private final PushbackInputStream in;
    private final Optional<JsonParser> array;
    private Optional<byte[]> object = Optional.empty();

    /** @param in closed with this */
    public JsonRecords(InputStream in) throws IOException {
        this.in = new PushbackInputStream(new BufferedInputStream(in, 1 << 16));
        int first = this.in.read();
        while (first >= 0 && (first <= ' ' || first == 0xef || first == 0xbb || first == 0xbf)) {
            first = this.in.read(); // white space, and the mark of UTF-8
        }
        if (first >= 0) {
            this.in.unread(first);
        }
        array = first == '[' ? Optional.of(JSON.createParser(this.in)) : Optional.empty();
        if (array.isPresent()) {
            array.get().nextToken();
        }
    }

    /** Whether there is another object. */
    public boolean hasNext() throws IOException {
        if (object.isEmpty()) {
            object = array.isPresent() ? element(array.get()) : line();
        }
        return object.isPresent();
    }

    private static Optional<byte[]> element(JsonParser array) throws IOException {
        JsonToken token = array.nextToken();
        if (token == null) {
            throw new IOException("the array is cut off");
        }
        if (token == JsonToken.END_ARRAY) {
            return Optional.empty();
        }
        StringWriter out = new StringWriter();
        try (JsonGenerator copy = JSON.createGenerator(out)) {
            copy.copyCurrentStructure(array);
        }
        return Optional.of(out.toString().getBytes(StandardCharsets.UTF_8));
    }

    private Optional<byte[]> line() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        int next = in.read();
        while (next >= 0) {
            if (next != '\n') {
                bytes.write(next);
            } else if (isBlank(bytes.toByteArray())) {
                bytes.reset();
            } else {
                break;
            }
            next = in.read();
        }
        byte[] line = bytes.toByteArray();
        return isBlank(line) ? Optional.empty() : Optional.of(line);
    }

    private static boolean isBlank(byte[] bytes) {
        for (byte each : bytes) {
            if (each < 0 || each > ' ') {
                return false;
            }
        }
        return true;
    }

    /** The text of the next object; empty if it is not valid UTF-8. */
    public Optional<String> next() {
        byte[] bytes = object.orElseThrow();
        object = Optional.empty();
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return Optional.empty();
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
