package siglip.kernels.blas;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The libraries, in the order in which {@code auto} tries them.
 *
 * <p>They are tried in this process, and what they throw is caught. That is enough for these two: both ask the processor at run time and choose
 * among kernels that it can run, so an unsuitable one fails as an exception or a missing symbol. A library that ends the process instead,
 * as MKL does where one of its files is missing, must not be added here without a trial in a process of its own.
 */
enum ProductLibrary {
    ONEDNN,
    OPENBLAS,
    JAVA;

    private static final String AUTO = "auto";

    private final String id = name().toLowerCase(Locale.ROOT);

    private MatrixProducts load(Precision precision) {
        return switch (this) {
            case ONEDNN -> new OneDnnProducts(precision);
            case OPENBLAS -> new OpenBlasProducts();
            case JAVA -> new JavaProducts();
        };
    }

    static MatrixProducts open(String choice, String precision) {
        boolean open = choice.equals(AUTO);
        ProductLibrary library = open ? ONEDNN : named(choice);
        if (precision.equals(Precision.FP32.id())) {
            return open ? firstThatLoads() : library.load(choice, Precision.FP32);
        }
        boolean bf16 = library == ONEDNN && InstructionSet.multipliesBf16();
        if (precision.equals(AUTO)) {
            return open(choice, (bf16 ? Precision.BF16 : Precision.FP32).id());
        }
        if (!precision.equals(Precision.BF16.id())) {
            throw new IllegalArgumentException(
                    "Cannot compute products in precision '%s': there are auto, fp32 and bf16".formatted(precision));
        }
        if (library != ONEDNN) {
            throw new IllegalStateException(
                    "Cannot compute products in bf16 with '%s': only onednn has them. Choose products auto or onednn, or precision auto or fp32"
                            .formatted(choice));
        }
        if (!bf16) {
            throw new IllegalStateException(
                    "Cannot compute products in bf16: the processor, '%s' on %s, does not multiply bf16 itself (AVX-512 BF16 or AMX). Choose precision auto or fp32"
                            .formatted(InstructionSet.ofProcessor(), platform()));
        }
        return library.load(open ? library.id : choice, Precision.BF16);
    }

    private static ProductLibrary named(String choice) {
        return Arrays.stream(values())
                .filter(l -> choice.equals(l.id) || choice.startsWith(l.id + "-"))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "Cannot use matrix products '%s': there are auto, onednn, openblas and java"
                                .formatted(choice)));
    }

    private MatrixProducts load(String choice, Precision precision) {
        MatrixProducts products;
        try {
            products = load(precision);
        } catch (Exception | LinkageError e) {
            throw new IllegalStateException(
                    "Cannot use matrix products '%s' on %s: %s. Put the native jar of the library for this platform on the"
                                    .formatted(choice, platform(), e)
                            + " class path, or leave the choice to auto",
                    e);
        }
        if (!choice.equals(id) && !choice.equals(products.name())) {
            String found = products.name();
            products.close();
            throw new IllegalStateException(
                    "Cannot use matrix products '%s': this machine has '%s', whose results differ in their last bits"
                            .formatted(choice, found));
        }
        return products;
    }

    private static MatrixProducts firstThatLoads() {
        for (ProductLibrary library : new ProductLibrary[] {ONEDNN, OPENBLAS}) {
            try {
                return library.load(Precision.FP32);
            } catch (Exception | LinkageError e) {
                // An absent or unsuitable native library is what auto is for; the next one is tried.
            }
        }
        return new JavaProducts();
    }

    /** oneDNN's limit holds from its first use in a process on, so no process can be narrowed once it has told what it can do. */
    static String remedy(List<String> names) {
        List<String> versions = names.stream()
                .map(name -> name.substring(0, name.lastIndexOf('-') + 1))
                .distinct()
                .toList();
        Optional<String> common = versions.size() == 1 && versions.get(0).startsWith(ONEDNN.id)
                ? InstructionSet.common(names.stream()
                        .map(name -> name.substring(name.lastIndexOf('-') + 1))
                        .toList())
                : Optional.empty();
        return common.map(set -> "Set ONEDNN_MAX_CPU_ISA=%s in the environment of all, or take processors of one kind"
                        .formatted(set.toUpperCase(Locale.ROOT)))
                .orElse("Name one library that all have, or take processors of one kind");
    }

    private static String platform() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }
}
