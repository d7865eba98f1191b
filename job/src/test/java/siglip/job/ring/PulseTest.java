package siglip.job.ring;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PulseTest {
    private static final long SECOND = 1_000_000_000L;

    private final Pulse pulse = new Pulse(2, Duration.ofSeconds(1), Duration.ofSeconds(10), 0);

    @Test
    void aRankThatFallsSilentIsNamedAndOneThatWasNeverHeardIsNot() {
        pulse.hear(1, 0);
        for (int second = 1; second <= 10; second++) {
            assertThat(pulse.look(second * SECOND)).as("after %d s", second).isEmpty();
        }
        assertThat(pulse.look(11 * SECOND)).contains(1);
    }

    @Test
    void aPauseOfTheListenerIsNobodysSilence() {
        pulse.hear(0, 0);
        pulse.hear(1, 0);
        assertThat(pulse.look(SECOND)).isEmpty();
        assertThat(pulse.look(600 * SECOND)).as("nobody looked for ten minutes").isEmpty();
        pulse.hear(0, 600 * SECOND);
        for (int second = 601; second <= 605; second++) {
            pulse.look(second * SECOND);
        }
        assertThat(pulse.look(620 * SECOND))
                .as("the listener stood still again")
                .isEmpty();
        assertThat(pulse.look(621 * SECOND)).contains(1);
    }
}
