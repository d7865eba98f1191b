package siglip.job.formats;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import siglip.job.config.DataSettings.Format;

class DataFormatTest {
    @Test
    void everyFormatIsFoundByItsName() {
        assertThat(DataFormat.BY_NAME.keySet()).isEqualTo(EnumSet.complementOf(EnumSet.of(Format.AUTO)));
        assertThat(DataFormat.BY_NAME.values().stream().map(Object::getClass).distinct())
                .containsExactlyInAnyOrder(DataFormat.class.getPermittedSubclasses());
    }

    @Test
    void aBatchOfParquetHoldsFewLargeImagesAndManySmallOnes() {
        assertThat(ParquetFormat.batchRows(4096, 2000)).isEqualTo(4096);
        assertThat(ParquetFormat.batchRows(4096, 1 << 20)).isEqualTo(64);
        assertThat(ParquetFormat.batchRows(4096, 1 << 30)).isEqualTo(1);
        assertThat(ParquetFormat.batchRows(4096, 0)).isEqualTo(4096);
        assertThat(IntStream.of(1 << 19, 1 << 20, 1 << 22))
                .allMatch(bytes -> ParquetFormat.batchRows(4096, bytes) * bytes < Integer.MAX_VALUE);
    }
}
