package siglip.bench;

import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import siglip.bench.RateBenchmark.Part;

/** Runs one benchmark in a process of its own. */
final class Timer {
    private static final int ITERATIONS = 4;

    private final int seconds;

    /** @param seconds of a whole measurement, without its warm-up, which takes half as long */
    Timer(int seconds) {
        this.seconds = seconds;
    }

    double loss(String loss, String precision, int n) throws RunnerException {
        return least(new OptionsBuilder()
                .include(LossBenchmark.class.getSimpleName())
                .param("loss", loss)
                .param("precision", precision)
                .param("n", Integer.toString(n)));
    }

    double part(Part part, String precision) throws RunnerException {
        return least(new OptionsBuilder()
                .include(RateBenchmark.class.getSimpleName())
                .param("part", part.id())
                .param("precision", precision));
    }

    /** The least processor time per call over the iterations, in milliseconds. */
    private double least(ChainedOptionsBuilder what) throws RunnerException {
        TimeValue iteration = TimeValue.milliseconds(1000L * seconds / ITERATIONS);
        RunResult run = new Runner(what.forks(1)
                        .warmupIterations(2)
                        .warmupTime(iteration)
                        .measurementIterations(ITERATIONS)
                        .measurementTime(iteration)
                        .addProfiler(CpuTime.class)
                        .jvmArgsAppend(
                                "--add-modules",
                                "jdk.incubator.vector",
                                "-Dorg.bytedeco.javacpp.canCreateSymbolicLink=false",
                                "-Xmx1g")
                        .verbosity(VerboseMode.SILENT)
                        .shouldFailOnError(true)
                        .build())
                .runSingle();
        double least = Double.POSITIVE_INFINITY;
        for (BenchmarkResult fork : run.getBenchmarkResults()) {
            for (IterationResult measured : fork.getIterationResults()) {
                least = Math.min(
                        least, measured.getSecondaryResults().get(CpuTime.LABEL).getScore());
            }
        }
        return least;
    }
}
