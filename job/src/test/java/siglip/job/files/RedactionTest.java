package siglip.job.files;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedactionTest {
    @ParameterizedTest
    @CsvSource({
        "s3a://me:hush@bucket/x, s3a://(redacted)@bucket/x",
        "s3a://me:hu/sh+/=@bucket/x, s3a://(redacted)@bucket/x",
        "s3://me:12/hush@bucket, s3://(redacted)@bucket",
        "ftp://me:hu@hush@host/x@y, ftp://(redacted)@host/x@y",
        "s3a://me:hu'hush@bucket/x, s3a://(redacted)@bucket/x",
        "https://host/a.jpg%3Fsig=hush, https://host/a.jpg%3Fsig=(redacted)",
        "cannot read 'ftp://me:hush@host:21/a' and ftp://me:hush@host/b, cannot read 'ftp://(redacted)@host:21/a' and ftp://(redacted)@host/b",
        "https://host/a.jpg?X-Amz-Credential=hush&w=3&X-Amz-Signature=hush, "
                + "https://host/a.jpg?X-Amz-Credential=(redacted)&w=3&X-Amz-Signature=(redacted)",
        "https://host/a.jpg?sv=2&amp;sig=hush%3D, https://host/a.jpg?sv=2&amp;sig=(redacted)",
    })
    void secretsAreReplaced(String text, String shown) {
        assertThat(Redaction.of(text)).isEqualTo(shown).doesNotContain("hush");
    }

    @ParameterizedTest
    @CsvSource({
        "s3a://bucket/y@z",
        "hdfs://namenode:8020/user/me@corp/x",
        "spark://host:7077",
        "hdfs://namenode:8020' of me@corp",
        "abfs://container@account.dfs.core.windows.net/x",
        "s3a://bucket/a:b@c",
        "10:30 me@corp",
        "https://host/a.jpg?width=3&design=x",
    })
    void whatIsNoSecretStays(String text) {
        assertThat(Redaction.of(text)).isEqualTo(text);
        assertThat(Redaction.isNeeded(text)).isFalse();
    }

    @Test
    void aSecretWrittenInPiecesIsReplaced() {
        StringWriter text = new StringWriter();
        try (PrintWriter out = Redaction.writer(new PrintWriter(text))) {
            out.print("from s3a://me:");
            out.print("hush");
            out.println("@bucket to x");
            out.print("and on");
        }

        assertThat(text.toString().lines()).isEqualTo(List.of("from s3a://(redacted)@bucket to x", "and on"));
    }

    @Test
    void theLogOfALocalRunHidesLoginsAndSignatures() throws IOException {
        Properties log = new Properties();
        try (var in = Files.newBufferedReader(Path.of("..", "conf", "log4j2.properties"))) {
            log.load(in);
        }
        for (String appender : List.of("file", "terminal")) {
            String layout = log.getProperty("appender." + appender + ".layout.pattern");
            String[] replace = layout.substring(layout.indexOf("%replace{") + "%replace{".length())
                    .split("\\}\\{|\\}", -1);
            assertThat(Pattern.compile(replace[1])
                            .matcher("a s3a://me:12/hush@bucket/x?X-Amz-Signature=hush&a=b")
                            .replaceAll(replace[2]))
                    .as(appender)
                    .isEqualTo("a s3a://(redacted)@bucket/x?X-Amz-Signature=(redacted)&a=b");
        }
    }
}
