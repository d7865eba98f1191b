package siglip.job.export;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.files.FileSystems;
import siglip.job.files.Redaction;
import siglip.job.files.WholeFile;
import siglip.kernels.blas.Matrix;

/** A folder for another program: raw little-endian arrays, and JSON that says how to read them. Files are written over older ones, each whole or not at all. */
final class ExportFolder {
    private final FileSystem files;
    private final Path folder;

    /** @param folder any Hadoop path */
    ExportFolder(String folder, Configuration hadoop) throws IOException {
        this.folder = new Path(folder);
        files = FileSystems.of(this.folder, hadoop);
    }

    /** Writes the numbers of a file, in order. */
    interface Body {
        void write(Numbers out) throws IOException;
    }

    void write(String name, Body body) throws IOException {
        WholeFile.write(files, new Path(folder, name), out -> body.write(new Numbers(out)));
    }

    void write(String name, Matrix values) throws IOException {
        WholeFile.write(
                files, new Path(folder, name), out -> Channels.newChannel(out).write(values.bytes()));
    }

    void write(String name, JsonNode json) throws IOException {
        write(name, json.toPrettyString());
    }

    void write(String name, String text) throws IOException {
        WholeFile.write(
                files,
                new Path(folder, name),
                out -> out.write(Redaction.of(text).getBytes(StandardCharsets.UTF_8)));
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
