package siglip.kernels.blas;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.global.dnnl;

/** A name for what the processor can do, as far as products are concerned: part of the fingerprint. */
final class InstructionSet {
    /** By name, in an order in which what contains another comes later. */
    private static final Map<String, Integer> SETS = new LinkedHashMap<>();

    static {
        SETS.put("sse41", dnnl.dnnl_cpu_isa_sse41);
        SETS.put("avx", dnnl.dnnl_cpu_isa_avx);
        SETS.put("avx2", dnnl.dnnl_cpu_isa_avx2);
        SETS.put("avx2_vnni", dnnl.dnnl_cpu_isa_avx2_vnni);
        SETS.put("avx2_vnni_2", dnnl.dnnl_cpu_isa_avx2_vnni_2);
        SETS.put("avx512_core", dnnl.dnnl_cpu_isa_avx512_core);
        SETS.put("avx512_core_vnni", dnnl.dnnl_cpu_isa_avx512_core_vnni);
        SETS.put("avx512_core_bf16", dnnl.dnnl_cpu_isa_avx512_core_bf16);
        SETS.put("avx512_core_fp16", dnnl.dnnl_cpu_isa_avx512_core_fp16);
        SETS.put("avx512_core_amx", dnnl.dnnl_cpu_isa_avx512_core_amx);
        SETS.put("avx512_core_amx_fp16", dnnl.dnnl_cpu_isa_avx512_core_amx_fp16);
        SETS.put("avx10_2_512", dnnl.dnnl_cpu_isa_avx10_2_512);
        SETS.put("avx10_2_512_amx_2", dnnl.dnnl_cpu_isa_avx10_2_512_amx_2);
    }

    private InstructionSet() {}

    /**
     * Whether this processor multiplies bf16 itself, as far as oneDNN is concerned. Without the instructions oneDNN either emulates them, three
     * times slower than fp32, or refuses. Known on x86 alone;
     * without oneDNN there are no bf16 products either.
     */
    static boolean multipliesBf16() {
        return multipliesBf16(effective());
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
        int isa = effective();
        if (isa == dnnl.dnnl_cpu_isa_default) {
            return System.getProperty("os.arch"); // oneDNN tells instruction sets apart on x86 alone
        }
        return SETS.keySet().stream()
                .filter(name -> SETS.get(name) == isa)
                .findFirst()
                .orElse("isa" + isa);
    }

    private static int effective() {
        try {
            return dnnl.dnnl_get_effective_cpu_isa();
        } catch (LinkageError e) {
            return dnnl.dnnl_cpu_isa_default;
        }
    }

    /** The widest instruction set that all of these contain; none if one of them is not known by name. */
    static Optional<String> common(List<String> names) {
        int shared = names.stream().mapToInt(name -> SETS.getOrDefault(name, 0)).reduce(-1, (all, isa) -> all & isa);
        return SETS.keySet().stream()
                .filter(name -> (shared & SETS.get(name)) == SETS.get(name))
                .reduce((narrower, wider) -> wider);
    }
}
