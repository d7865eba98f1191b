package siglip.job.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SignatureTest {
    @ParameterizedTest
    @CsvSource({
        "'', EMPTY",
        "00000020667479706176696600000000617669666d696631, AVIF",
        "0000002066747970 6d696631 00000000 61766966 6d696631, AVIF",
        "00000018667479706865696300000000, HEIC",
        "0000001c667479706d696631000000006d69663168656963, HEIC",
        "000000186674797069736f6d00000200, VIDEO",
        "ff0a7f, JPEG_XL",
        "0000000c4a584c200d0a870a, JPEG_XL",
        "0000000c6a5020200d0a870a, JPEG_2000",
        "ff4fff510029, JPEG_2000",
        "49492b0008000000, BIG_TIFF",
        "000001000100, ICON",
        "3842505300010000, PSD",
        "255044462d312e37, PDF",
        "252150532d41646f6265, POSTSCRIPT",
        "1f8b0800, ARCHIVE",
        "504b03041400, ARCHIVE",
        "1a45dfa3, VIDEO",
        "524946460000000041564920, VIDEO",
        "0000000000000000, UNKNOWN",
        "fffefdfc, UNKNOWN"
    })
    void bytesAreNamed(String hex, Fault expected) {
        assertThat(fault(HexFormat.of().parseHex(hex.replace(" ", "")))).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    <html>404 not found</html>                                      | HTML
                    <!DOCTYPE html><title>Gone</title>                              | HTML
                    <!-- cached --> <HTML lang="en">                                | HTML
                    <?xml version="1.0"?><!-- by hand --><svg width="3"></svg>      | SVG
                    <svg xmlns="http://www.w3.org/2000/svg"/>                       | SVG
                    <?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>   | XML
                    {"error": "not found"}                                          | JSON
                    [1, 2]                                                          | JSON
                    not found                                                       | TEXT
                    BMW, a car                                                      | TEXT
                    été                                                             | TEXT
                    """)
    void textIsNamed(String text, Fault expected) {
        assertThat(fault(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource
    void sentencesHoldNoValueOfTheOnePicture(Fault fault) {
        assertThat(fault.sentence()).isNotBlank().doesNotContain("%").doesNotEndWith(".");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    AVIF  | AVIF pictures are not supported; convert them to JPEG, PNG or WebP
                    HTML  | an HTML page stands where the picture should be
                    EMPTY | the picture is empty
                    """)
    void theySayWhatWouldDo(Fault fault, String sentence) {
        assertThat(fault.sentence()).isEqualTo(sentence);
    }

    private static Fault fault(byte[] file) {
        return PicturesTest.rejected(Pictures.decode(file, 8, 100)).fault();
    }
}
