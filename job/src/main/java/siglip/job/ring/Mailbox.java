package siglip.job.ring;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Rendezvous of blocks by name. A receiver posts a buffer for a frame, which tells the sender that there is room; a sender's
 * block leaves when that word has come, so nothing ever arrives without a place. Both sides may come first. Knows nothing of
 * connections; all methods are safe for concurrent use and none blocks.
 */
final class Mailbox {
    /** Several times what all ranks of a ring of thousands offer before they are sent anything. */
    private static final int MAX_GRANTED = 1 << 16;

    /** A frame to or from one peer. */
    private record Name(Frame frame, int peer) {}

    /** A buffer that waits for its block. */
    record Posted(ByteBuffer buffer, CompletableFuture<ByteBuffer> filled) {}

    /** A block that waits for a buffer. */
    record Outgoing(ByteBuffer data, CompletableFuture<Void> arrived) {}

    private final Map<Name, Posted> posted = new HashMap<>();
    private final Map<Name, Outgoing> outgoing = new HashMap<>();
    private final Set<Name> granted = new HashSet<>();
    private Throwable failure;

    /** Offers {@code buffer} for a frame from {@code peer}; the caller then sends the grant. */
    synchronized CompletableFuture<ByteBuffer> post(Frame frame, int peer, ByteBuffer buffer) {
        CompletableFuture<ByteBuffer> filled = new CompletableFuture<>();
        if (failure != null) {
            filled.completeExceptionally(failure);
        } else if (posted.putIfAbsent(new Name(frame, peer), new Posted(buffer, filled)) != null) {
            throw new IllegalStateException("Cannot offer two buffers for " + frame + " from " + peer);
        }
        return filled;
    }

    /** Takes the buffer that was offered for an arriving block of {@code bytes}; refuses a block that nobody expects. */
    synchronized Posted claim(Frame frame, int peer, int bytes) {
        Name name = new Name(frame, peer);
        Posted place = posted.get(name);
        if (place == null) {
            throw new IllegalArgumentException("Cannot take " + frame + " from rank " + peer + ": nobody expects it");
        }
        if (bytes < 0 || bytes > place.buffer().remaining()) {
            throw new IllegalArgumentException("Cannot take %s from rank %d: %d bytes for a buffer of %d"
                    .formatted(frame, peer, bytes, place.buffer().remaining()));
        }
        posted.remove(name);
        return place;
    }

    /** Registers a block to send. True when its buffer is already known to be ready, and the caller must push it now. */
    synchronized boolean send(Frame frame, int peer, Outgoing block) {
        if (failure != null) {
            block.arrived().completeExceptionally(failure);
            return false;
        }
        Name name = new Name(frame, peer);
        if (granted.remove(name)) {
            return true;
        }
        if (outgoing.putIfAbsent(name, block) != null) {
            throw new IllegalStateException("Cannot send " + frame + " to rank " + peer + " twice");
        }
        return false;
    }

    /** Notes that {@code peer} has room for a frame; gives back the block that waited for it, or null. */
    synchronized Outgoing grant(Frame frame, int peer) {
        Name name = new Name(frame, peer);
        Outgoing waiting = outgoing.remove(name);
        if (waiting == null) {
            if (granted.size() >= MAX_GRANTED) {
                throw new IllegalArgumentException("Cannot note room for %s at rank %d: %d notes are unused"
                        .formatted(frame, peer, granted.size()));
            }
            granted.add(name);
        }
        return waiting;
    }

    /** Ends every wait, now and later, with the first failure. */
    synchronized void fail(Throwable cause) {
        if (failure != null) {
            return;
        }
        failure = cause;
        posted.values().forEach(each -> each.filled().completeExceptionally(cause));
        outgoing.values().forEach(each -> each.arrived().completeExceptionally(cause));
        posted.clear();
        outgoing.clear();
    }

    synchronized Throwable failure() {
        return failure;
    }
}
