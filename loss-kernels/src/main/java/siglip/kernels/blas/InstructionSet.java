package siglip.kernels.blas;

import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.global.dnnl;

/** A name for what the processor can do, as far as products are concerned: part of the fingerprint. */
final class InstructionSet {
    private static final String[] NAMES = {
        "sse41",
        "avx",
        "avx2",
        "avx2_vnni",
        "avx2_vnni_2",
        "avx512_core",
        "avx512_core_vnni",
        "avx512_core_bf16",
        "avx512_core_fp16",
        "avx512_core_amx",
        "avx512_core_amx_fp16",
        "avx10_2_512",
        "avx10_2_512_amx_2"
    };

    /** In an order in which what contains another comes later. */
    private static final int[] VALUES = {
        dnnl.dnnl_cpu_isa_sse41,
        dnnl.dnnl_cpu_isa_avx,
        dnnl.dnnl_cpu_isa_avx2,
        dnnl.dnnl_cpu_isa_avx2_vnni,
        dnnl.dnnl_cpu_isa_avx2_vnni_2,
        dnnl.dnnl_cpu_isa_avx512_core,
        dnnl.dnnl_cpu_isa_avx512_core_vnni,
        dnnl.dnnl_cpu_isa_avx512_core_bf16,
        dnnl.dnnl_cpu_isa_avx512_core_fp16,
        dnnl.dnnl_cpu_isa_avx512_core_amx,
        dnnl.dnnl_cpu_isa_avx512_core_amx_fp16,
        dnnl.dnnl_cpu_isa_avx10_2_512,
        dnnl.dnnl_cpu_isa_avx10_2_512_amx_2
    };

    private InstructionSet() {}

    /**
     * Whether this processor multiplies bf16 itself, as far as oneDNN is concerned. Without the instructions oneDNN either emulates them, three
     * times slower than fp32, or refuses. Known on x86 alone.
     */
    static boolean multipliesBf16() {
        return multipliesBf16(dnnl.dnnl_get_effective_cpu_isa());
    }

    /** Every instruction set that contains another has the other's bits among its own. */
    static boolean multipliesBf16(int isa) {
        return (isa & dnnl.dnnl_cpu_isa_avx512_core_bf16) == dnnl.dnnl_cpu_isa_avx512_core_bf16;
    }

    /**
     * The widest instruction set oneDNN would use, by the name it has there, or its number where it is one we do not know;
     * the architecture alone where oneDNN does not load.
     */
    static String ofProcessor() {
        int isa;
        try {
            isa = dnnl.dnnl_get_effective_cpu_isa();
        } catch (LinkageError e) {
            return System.getProperty("os.arch");
        }
        if (isa == dnnl.dnnl_cpu_isa_default) {
            return System.getProperty("os.arch"); // oneDNN tells instruction sets apart on x86 alone
        }
        for (int i = 0; i < VALUES.length; i++) {
            if (VALUES[i] == isa) {
                return NAMES[i];
            }
        }
        return "isa" + isa;
    }

    /** The widest instruction set that all of these contain; none if one of them is not known by name. */
    static Optional<String> common(List<String> names) {
        int shared = -1;
        for (String name : names) {
            int at = List.of(NAMES).indexOf(name);
            shared &= at < 0 ? 0 : VALUES[at];
        }
        for (int i = VALUES.length - 1; i >= 0; i--) {
            if ((shared & VALUES[i]) == VALUES[i]) {
                return Optional.of(NAMES[i]);
            }
        }
        return Optional.empty();
    }
}
