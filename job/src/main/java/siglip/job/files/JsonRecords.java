package siglip.job.files;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
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
import java.util.Collection;
import java.util.Optional;
import java.util.Set;

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

    /**
     * The field of a file's first object that is one of some names and a list of objects.
     *
     * @param in closed before this returns
     * @param own fields of objects that are themselves what is looked for; if one of these is there, nothing is found
     * @return empty if there is none, or if the file begins with something else than an object
     */
    public static Optional<String> listOfObjects(InputStream in, Set<String> names, Collection<String> own)
            throws IOException {
        Optional<String> found = Optional.empty();
        try (JsonParser file = JSON.createParser(in)) {
            if (file.nextToken() != JsonToken.START_OBJECT) {
                return found;
            }
            while (file.nextToken() == JsonToken.FIELD_NAME) {
                String name = file.currentName();
                if (own.contains(name)) {
                    return Optional.empty();
                }
                JsonToken value = file.nextToken();
                if (value == JsonToken.START_ARRAY && names.contains(name)) {
                    value = file.nextToken();
                    found = value == JsonToken.START_OBJECT ? Optional.of(name) : found;
                    while (value != JsonToken.END_ARRAY && value != null) {
                        file.skipChildren();
                        value = file.nextToken();
                    }
                }
                file.skipChildren();
            }
            return found;
        } catch (JsonProcessingException e) {
            return Optional.empty(); // whoever reads the records says what is wrong with it
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
