package siglip.job.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * The samples of a WebDataset shard: members after each other whose names are alike up to the first dot. Pictures are passed over; what comes out says where
 * they lie.
 */
public final class TarSamples implements Closeable {
    private static final int MOST_TEXT = 1 << 20;
    private static final int BLOCK = 512;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What is known of a sample, while its members come. */
    public static final class Sample {
        private final String key;
        private String caption;
        private String json;
        private long offset = -1;
        private long length;
        private String fault = "";

        private Sample(String key) {
            this.key = key;
        }

        /** What the names of its members begin with. */
        public String key() {
            return key;
        }

        /** From the text, else from the JSON. */
        public Optional<String> caption() {
            return Optional.ofNullable(caption);
        }

        /** An object. */
        public Optional<String> json() {
            return Optional.ofNullable(json);
        }

        /** Whether a picture was found. */
        public boolean hasPicture() {
            return offset >= 0;
        }

        /** Of the picture's first byte in the shard. */
        public long offset() {
            return offset;
        }

        /** Bytes of the picture. */
        public long length() {
            return length;
        }

        /** Why the sample cannot be read; empty if it can. */
        public String fault() {
            return fault;
        }
    }

    private final FSDataInputStream in;
    private final TarArchiveInputStream tar;
    private final long bytes;
    private final List<String> pictures;
    private final long mostBytes;
    private Optional<Sample> begun = Optional.empty();
    private Optional<Sample> complete = Optional.empty();
    private long end;
    private boolean ended;

    /**
     * @param in closed with this
     * @param bytes length of the shard
     * @param pictures what names of pictures end with
     * @param mostBytes a larger picture is a fault
     */
    public TarSamples(FSDataInputStream in, long bytes, List<String> pictures, long mostBytes) {
        this.pictures = pictures;
        this.mostBytes = mostBytes;
        this.in = in;
        this.tar = new TarArchiveInputStream(in, "UTF-8");
        this.bytes = bytes;
    }

    /** Whether there is another sample. */
    public boolean hasNext() throws IOException {
        while (complete.isEmpty() && !ended) {
            advance();
        }
        if (complete.isEmpty()) {
            complete = begun;
            begun = Optional.empty();
        }
        return complete.isPresent();
    }

    public Sample next() {
        Sample next = complete.orElseThrow();
        complete = Optional.empty();
        return next;
    }

    private void advance() throws IOException {
        TarArchiveEntry member;
        try {
            member = tar.getNextTarEntry();
        } catch (EOFException e) {
            cut();
            return;
        } catch (IOException | IllegalArgumentException e) {
            if (in.getPos() >= bytes) {
                cut();
                return;
            }
            throw new IOException("it is no tar file, or damaged at byte %d: %s".formatted(end, e.getMessage()), e);
        }
        if (member == null) {
            end();
            if (end + BLOCK > bytes) { // no empty block, which ends a shard
                begun = Optional.of(cutOff(new Sample("")));
            }
            return;
        }
        long offset = in.getPos();
        end = (offset + member.getSize() + BLOCK - 1) / BLOCK * BLOCK;
        if (member.isFile()) {
            take(member, offset);
        }
    }

    /** The last sample that had begun, or one more, stands for all that is missing. */
    private void cut() {
        begun = Optional.of(cutOff(begun.orElseGet(() -> new Sample(""))));
        end();
    }

    private static Sample cutOff(Sample last) {
        last.fault = "the shard is cut off: this sample and those after it are missing";
        return last;
    }

    private void end() {
        ended = true;
        complete = begun;
        begun = Optional.empty();
    }

    private void take(TarArchiveEntry member, long offset) throws IOException {
        String name = member.getName();
        int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
        if (dot < 0 || dot == name.lastIndexOf('/') + 1) {
            return; // without a kind, or hidden
        }
        String key = name.substring(0, dot);
        if (begun.isEmpty() || !begun.get().key.equals(key)) {
            complete = begun;
            begun = Optional.of(new Sample(key));
        }
        Sample sample = begun.get();
        if (offset + member.getSize() > bytes) {
            return; // the next step finds the shard cut off
        }
        String kind = name.substring(dot + 1).toLowerCase(Locale.ROOT);
        if (pictures.contains(kind)) {
            picture(sample, offset, member.getSize());
        } else if (kind.equals("txt")) {
            text(sample, member).ifPresent(text -> sample.caption = text.strip());
        } else if (kind.equals("json")) {
            Optional<String> text = text(sample, member);
            if (text.isPresent()) {
                json(sample, text.get());
            }
        }
    }

    private void picture(Sample sample, long offset, long length) {
        if (sample.hasPicture()) {
            sample.fault = "sample with more than one picture";
        } else if (length > mostBytes) {
            sample.fault = "picture file has more than %d MiB".formatted(mostBytes >> 20);
        }
        sample.offset = offset;
        sample.length = length;
    }

    private Optional<String> text(Sample sample, TarArchiveEntry member) throws IOException {
        if (member.getSize() > MOST_TEXT) {
            sample.fault = "text of more than 1 MiB";
            return Optional.empty();
        }
        try {
            return Optional.of(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(tar.readNBytes((int) member.getSize())))
                    .toString());
        } catch (CharacterCodingException e) {
            sample.fault = "text is not valid UTF-8";
            return Optional.empty();
        }
    }

    private static void json(Sample sample, String text) {
        try {
            JsonNode node = JSON.readTree(text);
            if (node.isObject()) {
                sample.json = text;
                JsonNode caption = node.path("caption");
                if (sample.caption == null && caption.isTextual()) {
                    sample.caption = caption.asText().strip();
                }
                return;
            }
        } catch (IOException e) {
            // told below
        }
        sample.fault = "the JSON of the sample is no object";
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
