package siglip.bench;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import siglip.kernels.ElementwisePass;
import siglip.kernels.Numerics;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.MatrixProducts.Into;
import siglip.kernels.blas.Operand;

/** What the floor is made of: the three products of a tile on operands that are ready, and the element-wise pass over one. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class RateBenchmark {
    /** Of which a floor is the sum. */
    enum Part {
        SIMILARITIES,
        IMAGE_GRADIENT,
        TEXT_GRADIENT,
        ELEMENTWISE;

        String id() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static final int TILE = Numerics.AUTO.tile();

    @Param("similarities")
    public String part;

    @Param("fp32")
    public String precision;

    private MatrixProducts products;
    private Operand images;
    private Operand texts;
    private Operand gradient;
    private final Matrix tile = Matrix.allocate(TILE, TILE);
    private final Matrix sums = Matrix.allocate(TILE, Batch.DIM);
    private final ElementwisePass pass = new ElementwisePass(TILE);

    @Setup
    public void open() {
        Batch batch = new Batch(TILE);
        products = MatrixProducts.open("auto", precision);
        images = products.prepare(batch.images, Operand.empty());
        texts = products.prepare(batch.texts, Operand.empty());
        products.timesTransposed(images, texts, tile, Into.OVERWRITE);
        gradient = products.prepare(tile, Operand.empty());
    }

    @Benchmark
    public double one() {
        switch (Part.valueOf(part.toUpperCase(Locale.ROOT))) {
            case SIMILARITIES -> products.timesTransposed(images, texts, tile, Into.OVERWRITE);
            case IMAGE_GRADIENT -> products.times(gradient, texts, sums, Into.ADD);
            case TEXT_GRADIENT -> products.transposedTimes(gradient, images, sums, Into.ADD);
            case ELEMENTWISE -> {
                return pass.run();
            }
        }
        return sums.get(0, 0);
    }

    @TearDown
    public void close() {
        products.close();
    }
}
