package siglip.job.config;

import java.io.Serializable;
import java.time.Duration;

/**
 * @param helloTimeout from submission of a segment until all ranks have said hello
 * @param waitTimeout longest wait for one message of a peer
 * @param heartbeat time between heartbeats
 * @param silence without a heartbeat after which a rank counts as frozen
 */
public record RingSettings(Duration helloTimeout, Duration waitTimeout, Duration heartbeat, Duration silence)
        implements Serializable {}
