package siglip.kernels.blas;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** What was made for a key, kept until many others have been asked for since: the least recently used is closed first. */
final class RecentlyUsed<K, V extends AutoCloseable> implements AutoCloseable {
    /** A run uses a few dozen; each may hold scratch memory. */
    private static final int MOST = 256;

    private final Map<K, V> kept = new LinkedHashMap<>(16, 0.75f, true);
    private final Function<K, V> make;

    RecentlyUsed(Function<K, V> make) {
        this.make = make;
    }

    V get(K key) {
        if (kept.size() >= MOST && !kept.containsKey(key)) {
            close(kept.remove(kept.keySet().iterator().next()));
        }
        return kept.computeIfAbsent(key, make);
    }

    @Override
    public void close() {
        kept.values().forEach(RecentlyUsed::close);
        kept.clear();
    }

    private static void close(AutoCloseable value) {
        try {
            value.close();
        } catch (Exception e) {
            throw new IllegalStateException("Cannot release what a product used", e);
        }
    }
}
