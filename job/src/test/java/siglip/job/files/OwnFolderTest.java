package siglip.job.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OwnFolderTest {
    @TempDir
    Path folder;

    @Test
    void whatWasTakenIsKnownInTheNextCallAndClearedWithItsEmptyFolders() throws IOException {
        OwnFolder own = own();
        assertThat(own.isKnown()).isFalse();
        put(own, "a/b/c.txt");
        put(own, "d.txt");
        Path notes = write("a/notes.txt");

        OwnFolder later = own();
        assertThat(later.isKnown()).isTrue();
        assertThat(later.first()).contains("a/b/c.txt");
        later.clear();

        assertThat(folder.resolve("a/b")).doesNotExist();
        assertThat(folder.resolve("d.txt")).doesNotExist();
        assertThat(notes).hasContent("theirs");
        assertThat(own().isKnown()).isFalse();
    }

    @Test
    void whatLiesThereIsNotTakenAndNotDeleted() throws IOException {
        Path notes = write("notes.txt");
        Path deep = write("x/y");
        OwnFolder own = own();

        for (String name : List.of("notes.txt", "notes.txt/below", "x/y", "x/")) {
            assertThatThrownBy(() -> own.take(name)).as(name).isInstanceOf(TakenException.class);
        }
        own.delete("notes.txt");
        own.clear();

        assertThat(notes).hasContent("theirs");
        assertThat(deep).hasContent("theirs");
    }

    @Test
    void aFolderThatIsReadAsAWholeMustHoldNothingElse() throws IOException {
        OwnFolder own = own();
        own.refuseOthers();
        put(own, "part-00000.parquet");
        own.refuseOthers();
        for (String name : List.of("part-00001.parquet", ".hidden", "below/x")) {
            Path theirs = write(name);
            assertThatThrownBy(own::refuseOthers)
                    .isInstanceOf(TakenException.class)
                    .hasMessage(
                            "%s holds %s, which this program did not write: name another folder",
                            folder, name.split("/", 2)[0]);
            Files.delete(theirs);
        }
    }

    @Test
    void draftsOfACallThatWasKilledAreItsOwn() throws IOException {
        OwnFolder own = own();
        own.take("pairs.parquet");
        String id = "0b7d1f0e-6c1b-4b7e-9d0a-0123456789ab";
        Path draft = write(".pairs.parquet.%s.tmp".formatted(id));
        own.refuseOthers();
        own.clear();
        assertThat(draft).doesNotExist();
        Path other = write(".thesis.txt.%s.tmp".formatted(id));
        assertThatThrownBy(own::refuseOthers).isInstanceOf(TakenException.class);
        own.clear();
        assertThat(other).hasContent("theirs");
    }

    @Test
    void linksAreNeitherFollowedNorReplaced(@TempDir Path elsewhere) throws IOException {
        Path theirs = Files.writeString(elsewhere.resolve("c.txt"), "theirs");
        OwnFolder own = own();
        own.take(List.of("a/c.txt", "c.txt"));
        Files.createSymbolicLink(folder.resolve("a"), elsewhere);
        Files.createSymbolicLink(folder.resolve("c.txt"), theirs);

        assertThatThrownBy(() -> own.delete("a/c.txt")).isInstanceOf(TakenException.class);
        assertThatThrownBy(() -> own.delete("c.txt")).hasMessageContaining("is a link");
        assertThatThrownBy(() -> own.take("c.txt")).hasMessageContaining("is a link");
        assertThatThrownBy(own::refuseOthers).isInstanceOf(TakenException.class);
        assertThatThrownBy(own::clear).isInstanceOf(TakenException.class);
        assertThat(theirs).hasContent("theirs");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../other", "/etc/passwd", "a/../../other", "file:/etc/passwd", "", ".", "a//b"})
    void aListThatReachesOutOfTheFolderIsNoList(String name) throws IOException {
        put(own(), "mine");
        Path list = folder.resolve(OwnFolder.LIST);
        Files.writeString(list, Files.readString(list) + name + "\n");

        assertThatThrownBy(this::own)
                .isInstanceOf(TakenException.class)
                .hasMessageContaining("is not what this program writes there");
    }

    @Test
    void aListOfSomebodyElseIsNone() throws IOException {
        write(OwnFolder.LIST);

        assertThatThrownBy(this::own).isInstanceOf(TakenException.class);
    }

    @Test
    void aLinkToAListIsNone(@TempDir Path elsewhere) throws IOException {
        put(own(), "mine");
        Path list = folder.resolve(OwnFolder.LIST);
        Files.createSymbolicLink(list, Files.move(list, elsewhere.resolve("list")));

        assertThatThrownBy(this::own).isInstanceOf(TakenException.class);
    }

    @Test
    void aFileIsNoFolder() throws IOException {
        Path file = write("file");

        assertThatThrownBy(() -> OwnFolder.at(new org.apache.hadoop.fs.Path(file.toString()), new Configuration()))
                .isInstanceOf(TakenException.class)
                .hasMessage(file + " is a file, and a folder is to be there: name another");
    }

    private OwnFolder own() throws IOException {
        return OwnFolder.at(new org.apache.hadoop.fs.Path(folder.toString()), FileSystem.getLocal(new Configuration()));
    }

    private static void put(OwnFolder own, String name) throws IOException {
        WholeFile.write(own.files(), own.take(name), out -> out.write('x'));
    }

    private Path write(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "theirs");
    }
}
