package siglip.job.config;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What {@code plan} reckons with.
 *
 * @param imageWidth floats of an image's features; empty: as the data have it
 * @param textWidth floats of a text's features, 0 for captions; empty: as the data have it
 * @param tokens of a caption, on average
 * @param bandwidth bytes a second that a machine sends, and as many that it receives; empty: as loopback does here
 * @param latency of a message, without its bytes; empty: as loopback takes here
 * @param cores that all ranks share; empty: as many as they ask for
 * @param executorMemory most bytes for a rank, heap and overhead; empty: any
 * @param driverMemory most bytes for the driver, heap and overhead; empty: any
 */
public record PlanSettings(
        OptionalInt imageWidth,
        OptionalInt textWidth,
        int tokens,
        OptionalLong bandwidth,
        Optional<Duration> latency,
        OptionalInt cores,
        OptionalLong executorMemory,
        OptionalLong driverMemory) {}
