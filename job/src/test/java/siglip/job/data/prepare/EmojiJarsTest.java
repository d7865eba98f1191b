package siglip.job.data.prepare;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.formats.DataException;

class EmojiJarsTest {
    @TempDir
    private Path folder;

    @Test
    void aMissingJarIsNamedWithTheCommandThatGetsIt() {
        EmojiJars jars = new EmojiJars(folder.resolve("icons.jar"), folder.resolve("names.jar"));

        assertThatThrownBy(jars::check)
                .isInstanceOf(DataException.class)
                .hasMessage("Cannot read %s: get it with mvn dependency:copy".formatted(folder.resolve("icons.jar"))
                        + " -Dartifact=org.webjars.npm:iconify__json:2.2.378 -DoutputDirectory=" + folder);
    }

    @Test
    void anotherJarThanTheOneOfTheFiguresIsRefused() throws IOException {
        Path other = Files.writeString(folder.resolve("icons.jar"), "something else");

        assertThatThrownBy(() -> new EmojiJars(other, other).check())
                .isInstanceOf(DataException.class)
                .hasMessageContaining("its SHA-256 is ")
                .hasMessageContaining("is b43e77a7b30008fcca8083b12cc8d3fce19650e2aeeca1c29b0db238c77e0d75");
    }
}
