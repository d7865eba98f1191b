package siglip.job.data.prepare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import siglip.job.files.Sha256;
import siglip.job.formats.DataException;

/**
 * The two Maven artefacts that emoji pairs are made of. They are data, not code, and never on the class path.
 *
 * @param drawings {@code org.webjars.npm:iconify__json:2.2.378}: SVG drawings by set
 * @param names {@code net.fellbaum:jemoji:2.0.0}: Unicode CLDR names and keywords
 */
public record EmojiJars(Path drawings, Path names) {
    private static final String DRAWINGS_SHA256 = "b43e77a7b30008fcca8083b12cc8d3fce19650e2aeeca1c29b0db238c77e0d75";
    private static final String NAMES_SHA256 = "76c77aba02627c7c09a7554949e02aadb3551aae17fbf33c609c98928a843ded";
    private static final String ROOT = "META-INF/resources/webjars/iconify__json/2.2.378/";

    /**
     * Checks both files: published figures depend on these bytes.
     *
     * @throws DataException if a jar is missing or is not the expected one, by SHA-256
     */
    void check() {
        check(drawings, DRAWINGS_SHA256, "org.webjars.npm:iconify__json:2.2.378");
        check(names, NAMES_SHA256, "net.fellbaum:jemoji:2.0.0");
    }

    /** One set of drawings. */
    JsonNode set(String name) {
        return json(drawings, ROOT + "json/" + name + ".json");
    }

    /** Author, licence and size of every set. */
    JsonNode collections() {
        return json(drawings, ROOT + "collections.json");
    }

    /** The array of all emojis. */
    JsonNode emojis() {
        return json(names, "jemoji/emojis.json");
    }

    private static JsonNode json(Path jar, String entry) {
        try (JarFile file = new JarFile(jar.toFile())) {
            ZipEntry found = file.getEntry(entry);
            if (found == null) {
                throw new DataException("Cannot read %s: %s holds no such entry".formatted(entry, jar));
            }
            try (InputStream in = file.getInputStream(found)) {
                return new ObjectMapper().readTree(in);
            }
        } catch (IOException e) {
            throw new DataException("Cannot read %s in %s: %s".formatted(entry, jar, e.getMessage()), e);
        }
    }

    private static void check(Path jar, String expected, String artefact) {
        String actual;
        try (InputStream in = Files.newInputStream(jar)) {
            MessageDigest digest = Sha256.digest();
            try (DigestInputStream through = new DigestInputStream(in, digest)) {
                through.transferTo(OutputStream.nullOutputStream());
            }
            actual = Sha256.text(digest);
        } catch (IOException e) {
            throw new DataException(
                    "Cannot read %s: get it with mvn dependency:copy -Dartifact=%s -DoutputDirectory=%s"
                            .formatted(jar, artefact, jar.toAbsolutePath().getParent()),
                    e);
        }
        if (!actual.equals(expected)) {
            throw new DataException(
                    "Cannot use %s: its SHA-256 is %s, that of %s is %s".formatted(jar, actual, artefact, expected));
        }
    }
}
