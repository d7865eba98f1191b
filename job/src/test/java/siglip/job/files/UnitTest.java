package siglip.job.files;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class UnitTest {
    @ParameterizedTest
    @CsvSource({
        "NUMBER, 0, 0.0000",
        "NUMBER, 0.42137, 0.4214",
        "NUMBER, -5.5412, −5.541",
        "NUMBER, 1234.5, 1235",
        "NUMBER, 2.5e-7, 2.50e−07",
        "SHARE, 0.384, 38.4_%",
        "SHARE, 0.0007, 0.07_%",
        "SHARE, 1, 100.0_%",
        "COUNT, 12345, '12,345'",
        "TIMES, 3.14, 3.1×",
        "TIMES, 12345, '12,345×'",
        "SECONDS, 0, 0_s",
        "SECONDS, 0.0000421, 42.1_µs",
        "SECONDS, 0.0421, 42.1_ms",
        "SECONDS, 61.25, 61.3_s",
        "SECONDS, 185, 3_min 05_s",
        "SECONDS, 7325, 2_h 02_min",
        "BYTES, 512, 512_B",
        "BYTES, 262144, 256_KiB",
        "BYTES, 5505024, 5.25_MiB",
    })
    void peopleReadAFewDigitsAndAUnit(Unit unit, double value, String text) {
        assertThat(unit.format(value)).isEqualTo(text.replace("_", Unit.NB));
    }

    @ParameterizedTest
    @EnumSource(Unit.class)
    void whatIsNotANumberIsNotWrittenAsOne(Unit unit) {
        assertThat(unit.format(Double.NaN)).isEqualTo(Unit.NONE);
        assertThat(unit.format(Double.NEGATIVE_INFINITY)).isEqualTo("infinite");
    }

    @Test
    void aPercentageIsTheNumberThatIsPrinted() {
        assertThat(Unit.percent(0.30049)).isEqualTo("30.0");
        assertThat(Unit.percent(0.3835)).isEqualTo("38.4");
        assertThat(Unit.percent(0.0007)).isEqualTo("0.07");
        assertThat(Unit.percent(0)).isEqualTo("0.0");
    }

    @Test
    void theLegendKeepsThreeDigits() {
        assertThat(Unit.brief(38)).isEqualTo("38.0");
        assertThat(Unit.brief(-7.6266)).isEqualTo("−7.63");
        assertThat(Unit.brief(12345.6)).isEqualTo("12346");
        assertThat(Unit.brief(0)).isEqualTo("0");
    }
}
