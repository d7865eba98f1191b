package siglip.job.export;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import siglip.job.files.OwnFolder;
import siglip.job.files.Redaction;
import siglip.job.files.WholeFile;
import siglip.kernels.blas.Matrix;

/** A folder for another program: raw little-endian arrays, and JSON that says how to read them, each file whole or not there. */
final class ExportFolder {
    private final OwnFolder folder;

    ExportFolder(OwnFolder folder) {
        this.folder = folder;
    }

    /** Writes the numbers of a file, in order. */
    interface Body {
        void write(Numbers out) throws IOException;
    }

    void write(String name, Body body) throws IOException {
        file(name, out -> body.write(new Numbers(out)));
    }

    void write(String name, Matrix values) throws IOException {
        file(name, out -> Channels.newChannel(out).write(values.bytes()));
    }

    void write(String name, JsonNode json) throws IOException {
        write(name, json.toPrettyString());
    }

    void write(String name, String text) throws IOException {
        file(name, out -> out.write(Redaction.of(text).getBytes(StandardCharsets.UTF_8)));
    }

    private void file(String name, WholeFile.Body body) throws IOException {
        WholeFile.write(folder.files(), folder.take(name), body);
    }

    /** Writes numbers lowest byte first. */
    static final class Numbers {
        private final OutputStream out;

        private Numbers(OutputStream out) {
            this.out = out;
        }

        void add(float[] values) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(values);
            out.write(bytes.array());
        }

        void add(int value) throws IOException {
            for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
                out.write(value >>> shift);
            }
        }

        void addByte(int value) throws IOException {
            out.write(value);
        }
    }
}
