package siglip.kernels.blas;

import java.util.Arrays;

/** The libraries, in the order in which {@code auto} tries them. */
enum ProductLibrary {
    ONEDNN("onednn"),
    OPENBLAS("openblas"),
    JAVA("java");

    private static final String AUTO = "auto";

    private final String id;

    ProductLibrary(String id) {
        this.id = id;
    }

    private MatrixProducts load() {
        return switch (this) {
            case ONEDNN -> new OneDnnProducts();
            case OPENBLAS -> new OpenBlasProducts();
            case JAVA -> new JavaProducts();
        };
    }

    static MatrixProducts open(String choice) {
        if (choice.equals(AUTO)) {
            return firstThatLoads();
        }
        ProductLibrary library = Arrays.stream(values())
                .filter(l -> choice.equals(l.id) || choice.startsWith(l.id + "-"))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "Cannot use matrix products '%s': there are auto, onednn, openblas and java"
                                .formatted(choice)));
        MatrixProducts products;
        try {
            products = library.load();
        } catch (Exception | LinkageError e) {
            throw new IllegalStateException(
                    "Cannot use matrix products '%s' on %s: %s. Put the native jar of the library for this platform on the"
                                    .formatted(choice, platform(), e)
                            + " class path, or leave the choice to auto",
                    e);
        }
        if (!choice.equals(library.id) && !choice.equals(products.name())) {
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
                return library.load();
            } catch (Exception | LinkageError e) {
                // An absent or unsuitable native library is what auto is for; the next one is tried.
            }
        }
        return new JavaProducts();
    }

    private static String platform() {
        return System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }
}
