package siglip.job.config;

import java.io.Serializable;
import java.time.Duration;

/**
 * @param slotsTimeout longest wait for room for all ranks at the same time
 * @param helloTimeout from the start of the first task of a segment until all ranks have said hello
 * @param waitTimeout longest wait for one message of a peer
 * @param heartbeat time between heartbeats
 * @param silence without a heartbeat after which a rank counts as frozen
 * @param ports that ranks and the driver listen on
 * @param allowUnauthenticated whether they may listen off loopback although Spark's authentication is off
 */
public record RingSettings(
        Duration slotsTimeout,
        Duration helloTimeout,
        Duration waitTimeout,
        Duration heartbeat,
        Duration silence,
        PortRange ports,
        boolean allowUnauthenticated)
        implements Serializable {}
