package siglip.job.planning;

/**
 * What to set for the memory that a plan finds: docs/memory.md has the reasons.
 *
 * @param executor options for an executor with one rank
 * @param driver options for the driver
 */
record Advice(String executor, String driver) {
    private static final long MIB = 1 << 20;
    private static final long STEP = 256 * MIB;
    private static final long SPARK_HEAP = 768 * MIB; // what Spark keeps to itself, and room for the collector
    private static final long NETTY = 128 * MIB; // pools of the network library
    private static final long NATIVE = 384 * MIB; // code, threads, product library

    static Advice of(RunForecast plan) {
        return new Advice(
                options("executor", plan.rank().heap() + SPARK_HEAP, plan.rank().direct() + NETTY),
                options(
                        "driver",
                        plan.driver().heap() + SPARK_HEAP,
                        plan.driver().direct() + NETTY));
    }

    private static String options(String who, long heap, long direct) {
        return "spark.%s.memory=%dm, spark.%s.memoryOverhead=%dm, -XX:MaxDirectMemorySize=%dm"
                .formatted(who, mib(heap), who, mib(direct + NATIVE), mib(direct));
    }

    private static long mib(long bytes) {
        return (bytes + STEP - 1) / STEP * STEP / MIB;
    }
}
