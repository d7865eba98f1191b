package siglip.bench;

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
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossSums;

/** Forward and all gradients of a loss over a batch. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class LossBenchmark {
    @Param({"sigmoid", "softmax"})
    public String loss;

    @Param({"fp32", "bf16"})
    public String precision;

    @Param("1024")
    public int n;

    private LossRun run;

    @Setup
    public void open() {
        run = new LossRun(new Batch(n), LossForm.plain(Loss.of(loss)), precision);
    }

    @Benchmark
    public LossSums forwardAndGradients() {
        return run.run();
    }

    @TearDown
    public void close() {
        run.close();
    }
}
