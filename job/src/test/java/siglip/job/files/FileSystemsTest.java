package siglip.job.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;

class FileSystemsTest {
    @Test
    void aSchemeWithoutItsLibraryIsNamedWithWhatIsNeeded() {
        Configuration hadoop = new Configuration();
        hadoop.set("fs.s3a.impl", "no.such.FileSystem"); // as if it were not on the class path
        for (String scheme : List.of("s3a", "nosuch")) {
            assertThatThrownBy(() -> FileSystems.of(new Path(scheme + "://bucket/x"), hadoop))
                    .isInstanceOf(IOException.class)
                    .hasMessageStartingWith("no file system for " + scheme + " is on the class path: ")
                    .hasMessageContaining("s3a".equals(scheme) ? "org.apache.hadoop:hadoop-aws:3.3.4" : "library");
        }
    }

    @Test
    void aPathWithoutASchemeIsOfTheDefaultFileSystem() throws IOException {
        assertThat(FileSystems.of(new Path("x"), new Configuration()).getScheme())
                .isEqualTo("file");
    }
}
