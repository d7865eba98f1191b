package siglip.job.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On the local disk; {@code S3IT} has an object store. */
class WholeFileTest {
    @TempDir
    private java.nio.file.Path folder;

    private static void write(FileSystem files, Path target, String text) throws IOException {
        WholeFile.write(files, target, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }

    /** Whoever opened the file system, and whether or not it would write checksums. */
    private static List<FileSystem> disks() throws IOException {
        FileSystem local = FileSystem.getLocal(new Configuration());
        return List.of(local, FileSystems.bare(local));
    }

    @Test
    void theOldFileStaysUntilTheNewOneIsWholeAndNothingElseIsLeft() throws IOException {
        for (FileSystem disk : disks()) {
            java.nio.file.Path file = folder.resolve("figures");
            Path target = new Path(file.toString());
            write(disk, target, "the first");
            assertThatThrownBy(() -> WholeFile.write(disk, target, out -> {
                        out.write(new byte[1 << 20]);
                        throw new IOException("no more figures");
                    }))
                    .isInstanceOf(WriteException.class)
                    .hasMessage("Cannot write %s: no more figures", file);
            assertThat(file).hasContent("the first");
            write(disk, target, "the second");
            assertThat(file).hasContent("the second");
            assertThat(folder.toFile().list()).containsExactly("figures");
        }
    }

    @Test
    @Timeout(60)
    void aReaderAlwaysFindsOneOfThem() throws Exception {
        for (FileSystem disk : disks()) {
            java.nio.file.Path file = folder.resolve("figures");
            Path target = new Path(file.toString());
            write(disk, target, "0");
            Thread writer = new Thread(() -> {
                try {
                    for (int i = 1; i <= 300; i++) {
                        write(disk, target, Integer.toString(i));
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            writer.start();
            try {
                while (writer.isAlive()) {
                    assertThat(Files.readString(file)).isNotEmpty();
                }
            } finally {
                writer.join();
            }
            assertThat(file).hasContent("300");
        }
    }
}
