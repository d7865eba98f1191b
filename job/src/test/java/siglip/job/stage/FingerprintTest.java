package siglip.job.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import siglip.job.ring.NumericsException;
import siglip.kernels.Numerics;

class FingerprintTest {
    private static final String WIDE = "onednn-3.11.0-avx512_core_bf16";

    private static Fingerprint offer(String products, String precision, String elementwise) {
        return new Fingerprint(new Numerics(products, precision, elementwise, 512), 2);
    }

    @Test
    void equalOffersAreTakenAsTheyAre() {
        Fingerprint offer = offer(WIDE, "bf16", "vector-512");
        assertThat(Fingerprint.common(List.of(offer, offer, offer))).isEqualTo(offer);
    }

    @Test
    void aLineIsReadBackAndAnotherIsRefused() {
        Fingerprint offer = offer(WIDE, "bf16", "vector-512");
        assertThat(offer)
                .hasToString(
                        "products: %s | precision: bf16 | elementwise: vector-512 | tile: 512 | cores of a rank: 2 | threads inside the library: 1",
                        WIDE);
        assertThat(Fingerprint.parse(offer.toString())).isEqualTo(offer);
        assertThatThrownBy(() -> Fingerprint.parse("products: java | tile: 512"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Cannot read a numerics fingerprint from 'products: java | tile: 512'");
    }

    @Test
    void allRanksComputeInBf16OrNone() {
        assertThat(Fingerprint.common(List.of(offer(WIDE, "bf16", "vector-512"), offer(WIDE, "fp32", "vector-512"))))
                .isEqualTo(offer(WIDE, "fp32", "vector-512"));
    }

    @Test
    void theNarrowestVectorsServeAll() {
        assertThat(Fingerprint.common(List.of(
                        offer(WIDE, "fp32", "vector-512"),
                        offer(WIDE, "fp32", "vector-128"),
                        offer(WIDE, "fp32", "vector-256"))))
                .isEqualTo(offer(WIDE, "fp32", "vector-128"));
        assertThat(Fingerprint.common(List.of(offer(WIDE, "fp32", "vector-512"), offer(WIDE, "fp32", "scalar"))))
                .isEqualTo(offer(WIDE, "fp32", "scalar"));
    }

    @Test
    void otherInstructionSetsAreRefusedWithTheLimitThatMakesThemEqual() {
        assertThatThrownBy(() -> Fingerprint.common(List.of(
                        offer(WIDE, "bf16", "vector-512"),
                        offer("onednn-3.11.0-avx512_core_amx", "bf16", "vector-512"),
                        offer("onednn-3.11.0-avx2_vnni", "fp32", "vector-256"))))
                .isInstanceOf(NumericsException.class)
                .hasMessageContaining("Set ONEDNN_MAX_CPU_ISA=AVX2 in the environment of all")
                .hasMessageContaining("spark.executorEnv")
                .hasMessageContaining("Rank 2 has onednn-3.11.0-avx2_vnni");
    }

    @Test
    void otherLibrariesAndVersionsAreRefused() {
        for (String other : List.of("openblas-0.3.31-avx512_core_bf16", "onednn-3.12.0-avx512_core_bf16", "java")) {
            assertThatThrownBy(() -> Fingerprint.common(
                            List.of(offer(WIDE, "fp32", "vector-512"), offer(other, "fp32", "vector-512"))))
                    .isInstanceOf(NumericsException.class)
                    .hasMessageContaining("Rank 1 has " + other)
                    .hasMessageContaining("Name one library that all have");
        }
    }

    @Test
    void aResumedRunKeepsItsNumberFormatAndTakesTheRestFromItsRanks() {
        Fingerprint narrow = offer(WIDE, "fp32", "vector-256");
        Fingerprint fast = offer(WIDE, "bf16", "vector-512");

        assertThat(narrow.resumedOn(fast)).isEqualTo(offer(WIDE, "fp32", "vector-512"));
        assertThat(fast.resumedOn(fast)).isEqualTo(fast);
        assertThatThrownBy(() -> fast.resumedOn(narrow))
                .isInstanceOf(NumericsException.class)
                .hasMessageContaining("Cannot resume in bf16")
                .hasMessageContaining("no more than fp32");
    }
}
