package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfTest {
    @Test
    void halvesAreReadExactly() {
        assertThat(Half.toFloat((short) 0x3C00)).isEqualTo(1);
        assertThat(Half.toFloat((short) 0xC000)).isEqualTo(-2);
        assertThat(Half.toFloat((short) 0x7BFF)).isEqualTo(65504);
        assertThat(Half.toFloat((short) 0x0400)).isEqualTo(0x1p-14f);
        assertThat(Half.toFloat((short) 0x0001)).isEqualTo(0x1p-24f);
        assertThat(Half.toFloat((short) 0x83FF)).isEqualTo(-1023 * 0x1p-24f);
        assertThat(Half.toFloat((short) 0x3555)).isEqualTo(0x1.554p-2f);
        assertThat(Half.toFloat((short) 0x8000)).isEqualTo(-0f);
        assertThat(Half.toFloat((short) 0xFC00)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(Half.toFloat((short) 0x7E00)).isNaN();
    }
}
