package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformTest {
    @Test
    void whatTheseTestsRunOnWillDo() throws IOException {
        assertThat(Platform.problems()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "17,3.5.9,2.12.18",
        "21,3.5.0,2.12.18",
        "22,3.5.9,2.12.18",
        "17,3.5.2-amzn-1,2.12.20",
        "17,3.5-custom,2.12.18"
    })
    void theWholeLineOfSparkWillDoAndSomeNewerJavasToo(String java, String spark, String scala) {
        assertThat(Platform.problems(java, spark, scala)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "1.8,3.5.9,2.12.18,Cannot run on Java 1.8: Java 17 to 22 is needed",
        "11,3.5.9,2.12.18,Cannot run on Java 11: Java 17 to 22 is needed",
        "23,3.5.9,2.12.18,Cannot run on Java 23: Java 17 to 22 is needed",
        "25,3.5.9,2.12.18,Cannot run on Java 25: Java 17 to 22 is needed",
        "17,3.4.4,2.12.17,Cannot run on Spark 3.4.4: Spark 3.5 is needed",
        "17,3.50.0,2.12.17,Cannot run on Spark 3.50.0: Spark 3.5 is needed",
        "17,4.0.1,2.12.18,Cannot run on Spark 4.0.1: Spark 3.5 is needed",
        "17,3.5.9,2.13.8,Cannot run on Scala 2.13.8: a Spark built for Scala 2.12 is needed",
        "17,'','',Cannot find Spark on the class path: submit the job with the spark-submit of Spark 3.5"
    })
    void whatWillNotDoIsNamedWithWhatWould(String java, String spark, String scala, String said) {
        assertThat(Platform.problems(java, spark, scala))
                .singleElement()
                .asString()
                .startsWith(said);
    }

    @Test
    void allThatWillNotDoIsSaidAtOnce() {
        assertThat(Platform.problems("11", "4.0.1", "2.13.16")).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(classes = {Platform.class, Start.class, EarlyResult.class, DriverFailure.class})
    void javaEightCanLoadWhatSaysThatItWillNotDo(Class<?> type) throws IOException {
        try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class");
                DataInputStream data = new DataInputStream(in)) {
            assertThat(data.readInt()).isEqualTo(0xCAFEBABE);
            assertThat(data.readInt()).as("version of the class file").isEqualTo(52);
        }
    }
}
