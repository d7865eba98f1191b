package siglip.job.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecisiveSettingsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "run.ranks=4",
                "run.cores-per-rank=2",
                "run.out=s3a://elsewhere/runs",
                "data.path=/moved",
                "ring.silence=99 s",
                "evaluation.every-steps=7",
                "measure.every-steps=1",
                "measure.frozen-batches=4",
                "checkpoint.keep=9",
                "training.learning-rate=0.0030", // the default, written otherwise
                "loss.arms=[{loss=sigmoid,name=siglip,initial-scale=10.0},{name=clip,loss=softmax,initial-scale=14.285714285714285}]"
            })
    void leaveOutWhatDoesNotAlterTheTraining(String harmless) {
        assertThat(decisive(harmless)).isEqualTo(decisive());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "run.seed=2",
                "training.steps=721",
                "training.warmup-steps=21",
                "loss.precision=bf16",
                "towers.image.hidden=[512,512]",
                "data.train=null"
            })
    void differByTheKeyThatWasChanged(String change) {
        Map<String, String> changed = decisive(change);
        String key = change.substring(0, change.indexOf('='));

        assertThat(changed).containsOnlyKeys(decisive().keySet());
        assertThat(changed.keySet().stream()
                        .filter(each -> !changed.get(each).equals(decisive().get(each))))
                .containsExactly(key);
    }

    /** So that a run is not resumed with another loss. */
    @Test
    void anOptionOfAnArmsLossIsDecisive() {
        String arm = "loss.arms=[{name=a,loss=sigmoid,initial-scale=10%s}]";

        assertThat(decisive(arm.formatted(",positive-weight=2"))).isNotEqualTo(decisive(arm.formatted("")));
        assertThat(decisive(arm.formatted(",positive-weight=2")))
                .isNotEqualTo(decisive(arm.formatted(",positive-weight=3")))
                .isEqualTo(decisive(arm.formatted(",positive-weight=2.0")));
    }

    @Test
    void holdNoSecret() {
        assertThat(decisive("towers.image.graph=\"s3a://bucket/graph.json?X-Amz-Signature=hunter2\"")
                        .toString())
                .doesNotContain("hunter2");
    }

    private static Map<String, String> decisive(String... assignments) {
        return SettingsLoader.load(new SettingsSources(List.of(assignments), Map.of(), Map.of(), Optional.empty()))
                .decisive();
    }
}
