package siglip.job.ring;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import java.lang.reflect.Field;

/** Breaks connections of the ranks that live in this process, as a network may. */
public final class Connections {
    private Connections() {}

    /** Resets the connection that {@code rank}, which runs in this process, has opened to {@code peer}: both live on. */
    public static void reset(int rank, int peer) {
        Channel channel = node(rank).routeTo(peer).getChannel();
        channel.config().setOption(ChannelOption.SO_LINGER, 0); // a reset, not a goodbye
        channel.close().awaitUninterruptibly();
    }

    /** The node of a rank, which nothing but its heartbeat leads to. */
    private static Node node(int rank) {
        try {
            Field target = Thread.class.getDeclaredField("target");
            target.setAccessible(true);
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread.getName().equals("ring-heartbeat-rank-" + rank)) {
                    Object beat = target.get(thread);
                    for (Field captured : beat.getClass().getDeclaredFields()) {
                        captured.setAccessible(true);
                        if (captured.get(beat) instanceof Node node) {
                            return node;
                        }
                    }
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        throw new IllegalStateException("Cannot find rank " + rank + " in this process");
    }
}
