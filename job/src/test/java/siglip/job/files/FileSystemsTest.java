package siglip.job.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

    @ParameterizedTest
    @CsvSource({
        "a:b.parquet,./a:b.parquet",
        "./a:b,./a:b",
        "/x/co:lon/a:b,/x/co:lon/a:b",
        "s3a:bucket/x,./s3a:bucket/x",
        "s3a://bucket/a:b,s3a://bucket/a:b",
        "file:/x,file:/x"
    })
    void aColonIsPartOfANameUnlessASlashFollows(String text, String path) throws IOException {
        assertThat(FileSystems.path(text)).hasToString(path);
    }

    @ParameterizedTest
    @CsvSource({"'',it is empty", "a b://x,SCHEME://host/dir/file"})
    void whatIsNoPathIsSaidToBeNone(String text, String why) {
        assertThatThrownBy(() -> FileSystems.path(text))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("this is no path: ")
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "https"})
    void theWebIsNeitherReadNorWritten(String scheme) {
        assertThatThrownBy(() -> FileSystems.of(new Path(scheme + "://127.0.0.1:1/x"), new Configuration()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("download it and name the file");
    }

    @Test
    void whatTheLocaleCannotNameIsRefusedWithWhatCan() throws IOException {
        FileSystems.refuseUnnamable(new Path("/x/ä"), "UTF-8");
        for (String name : List.of("/x/ä", "/x/\uFFFD")) {
            assertThatThrownBy(() -> FileSystems.refuseUnnamable(new Path(name), "ANSI_X3.4-1968"))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("LC_ALL=C.UTF-8");
        }
    }

    @Test
    void filesWithColonsAreFoundAndPatternsThatMeetThemAreSaidToBeOfNoUse(@TempDir java.nio.file.Path folder)
            throws IOException {
        java.nio.file.Path inside = Files.createDirectories(folder.resolve("co:lon/in:side"));
        Files.writeString(inside.resolve("a:b.csv"), "image,caption");
        Configuration hadoop = new Configuration();

        for (java.nio.file.Path path : List.of(folder, inside, inside.resolve("a:b.csv"))) {
            FoundFiles found = FoundFiles.under(path.toString(), hadoop);
            assertThat(found.files()).singleElement().satisfies(file -> {
                assertThat(file.name()).endsWith("a:b.csv");
                try (InputStream in = file.open(hadoop)) {
                    assertThat(in.readAllBytes()).isNotEmpty();
                }
            });
        }
        assertThatThrownBy(() -> FoundFiles.under(inside + "/*.csv", hadoop))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("a colon, which Hadoop's patterns cannot: name a folder");
    }

    @Test
    void aPipeIsNoFileThatIsReadUnlessItIsHidden(@TempDir java.nio.file.Path folder) throws Exception {
        Configuration hadoop = new Configuration();
        Files.writeString(folder.resolve("pairs.csv"), "image,caption");
        pipe(folder.resolve("_lock"));
        assertThat(FoundFiles.under(folder.toString(), hadoop).files()).hasSize(1);

        java.nio.file.Path pipe = pipe(folder.resolve("more.csv"));
        for (java.nio.file.Path path : List.of(folder, pipe)) {
            assertThatThrownBy(() -> FoundFiles.under(path.toString(), hadoop))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("more.csv is a pipe or a device");
        }
    }

    private static java.nio.file.Path pipe(java.nio.file.Path path) throws Exception {
        assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor())
                .isZero();
        return path;
    }
}
