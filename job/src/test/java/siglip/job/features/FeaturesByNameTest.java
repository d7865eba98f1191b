package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FeaturesByNameTest {
    @Test
    void everyWayForPicturesIsFoundByItsName() {
        assertThat(PictureFeatures.BY_NAME).containsOnlyKeys("gradients-and-colours");
        PictureFeatures.BY_NAME.forEach((name, way) -> assertThat(way.name()).isEqualTo(name));
        assertThat(PictureFeatures.class.getPermittedSubclasses()).hasSameSizeAs(PictureFeatures.BY_NAME.keySet());
    }

    @Test
    void everyWayForCaptionsIsFoundByItsName() {
        assertThat(CaptionFeatures.BY_NAME).containsOnlyKeys("hashed-words");
        CaptionFeatures.BY_NAME.forEach(
                (name, way) -> assertThat(way.apply(16).name()).isEqualTo(name));
        assertThat(CaptionFeatures.class.getPermittedSubclasses()).hasSameSizeAs(CaptionFeatures.BY_NAME.keySet());
    }
}
