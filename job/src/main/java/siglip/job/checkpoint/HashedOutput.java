package siglip.job.checkpoint;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import siglip.job.files.Sha256;

/** Counts and hashes what goes through it. */
final class HashedOutput extends FilterOutputStream {
    private final MessageDigest digest = Sha256.digest();
    private long bytes;

    HashedOutput(OutputStream out) {
        super(out);
    }

    @Override
    public void write(int b) throws IOException {
        out.write(b);
        digest.update((byte) b);
        bytes++;
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        out.write(from, offset, length);
        digest.update(from, offset, length);
        bytes += length;
    }

    StoredFile file(String path) {
        return new StoredFile(path, bytes, Sha256.text(digest));
    }
}
