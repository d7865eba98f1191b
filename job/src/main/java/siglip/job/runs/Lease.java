package siglip.job.runs;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.config.SettingsException;

/**
 * A driver's claim on the folder of a run, renewed by a thread while the driver lives.
 *
 * <p><b>What is promised.</b> All that is asked of the file system is that a file which was written is in the next listing; an exclusive create, which
 * S3 does not have in Hadoop 3.3, is not needed. Of two drivers that claim a folder the one with the higher {@link Claim} has it, and as claims are
 * never overwritten both see the same one. The other finds out with its next renewal, a fifth of the lease later, or before its next checkpoint
 * is committed, and ends. So two drivers may for a short time both <em>work</em>; what they write in that time has different names, a
 * checkpoint of either is a whole one of the same training, and one of them goes on. A driver that was frozen between its last look and
 * the commit may still add a whole checkpoint under a name of its own when it wakes.
 *
 * <p>A driver counts as gone when its process is known to have ended (on the same machine), or when it has not renewed its claim for the time of the
 * lease, by the clock of the one that watches: clocks of machines are not compared.
 */
public final class Lease implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);
    private static final int RENEWALS = 5;

    private final ClaimFiles claims;
    private final Owner self;
    private final Optional<Claim> before;
    private final ScheduledExecutorService thread;
    private final ScheduledFuture<?> renewals;
    private Claim mine; // guarded by this
    private boolean closed; // guarded by this
    private volatile String lost = "";

    private Lease(ClaimFiles claims, Owner self, Optional<Claim> before, Claim mine) {
        this.claims = claims;
        this.self = self;
        this.before = before;
        this.mine = mine;
        thread = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread renewer = new Thread(task, "lease");
            renewer.setDaemon(true);
            return renewer;
        });
        long pause = self.leaseMillis() / RENEWALS;
        renewals = thread.scheduleWithFixedDelay(this::renew, pause, pause, TimeUnit.MILLISECONDS);
    }

    /**
     * Claims a folder. If another driver may be at work there, watches it: for a fifth of the lease if it is, for the whole lease if it is not.
     *
     * @param folder for the claims
     * @param lease without a renewal for so long, this driver counts as gone
     * @param takeOver whether to claim it from a driver that lives
     * @param messages told what is waited for and what was taken over
     * @throws SettingsException if another driver has it
     */
    public static Lease take(FileSystem files, Path folder, Duration lease, boolean takeOver, Consumer<String> messages)
            throws IOException {
        ClaimFiles claims = new ClaimFiles(files, folder);
        Optional<Claim> before = claims.highest();
        if (before.isPresent() && !before.get().isReleased()) {
            free(claims, before.get(), takeOver, lease, messages);
        }
        Owner self = Owner.self(lease);
        Optional<Claim> last = claims.highest();
        Claim mine = new Claim(last.map(Claim::term).orElse(0L) + 1, self.id(), 0);
        claims.write(mine, self);
        Claim highest = claims.highest().orElse(mine);
        if (!highest.isOf(mine)) {
            throw held(claims, highest);
        }
        claims.deleteBelow(mine);
        return new Lease(claims, self, last, mine);
    }

    /** Returns when the folder may be claimed. */
    private static void free(ClaimFiles claims, Claim held, boolean takeOver, Duration lease, Consumer<String> messages)
            throws IOException {
        Optional<Owner> owner = claims.owner(held);
        String name = owner.map(Owner::toString).orElse("driver " + held.owner());
        if (takeOver) {
            messages.accept("taking over from " + name);
            return;
        }
        if (owner.isPresent() && owner.get().isKnownDead()) {
            messages.accept("going on after %s, which has ended without giving the run up".formatted(name));
            return;
        }
        long wait = Math.max(lease.toMillis(), owner.map(Owner::leaseMillis).orElse(0L));
        messages.accept("waiting up to %.0f s to see whether %s is at work here".formatted(wait * 1e-3, name));
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(wait);
        while (System.nanoTime() < deadline) {
            pause(Math.min(500, wait / (2 * RENEWALS)));
            Claim now = claims.highest().orElse(held);
            if (now.isReleased()) {
                return;
            }
            if (!now.equals(held)) {
                throw held(claims, now);
            }
        }
        messages.accept("going on after %s, which has not renewed its claim for %.0f s".formatted(name, wait * 1e-3));
    }

    private static SettingsException held(ClaimFiles claims, Claim claim) throws IOException {
        String name = claims.owner(claim).map(Owner::toString).orElse("driver " + claim.owner());
        return new SettingsException(List.of(
                "%s is at work on the run in %s: wait for its end, name another run with --name, or take this one over with --take-over"
                        .formatted(name, claims.folder().getParent())));
    }

    private static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Cannot wait for another driver: interrupted", e);
        }
    }

    /** Whether nobody has claimed the folder between a claim, or none, and this one. */
    boolean follows(Optional<Claim> claim) {
        return before.equals(claim);
    }

    /** Id of this driver, which no other has. */
    public String id() {
        return self.id();
    }

    /** @throws LeaseLostException if this driver is known to have lost the folder; asks nobody */
    public void ensureHeld() {
        if (!lost.isEmpty()) {
            throw new LeaseLostException(lost);
        }
    }

    /** @throws IOException if this driver has lost the folder, or cannot know; asks the file system */
    public void check() throws IOException {
        Claim highest = claims.highest().orElseThrow(() -> new IOException("no claim is left in " + claims.folder()));
        synchronized (this) {
            if (!highest.isOf(mine)) {
                lost = "Cannot go on with the run in %s: driver %s has taken it over from this one, %s"
                        .formatted(claims.folder().getParent(), highest.owner(), self.id());
            }
        }
        if (!lost.isEmpty()) {
            throw new IOException(lost);
        }
    }

    private void renew() {
        try {
            check();
            replace(false);
        } catch (IOException | RuntimeException e) {
            if (lost.isEmpty()) {
                LOG.warn("Cannot renew the claim on {}: {}", claims.folder(), e.toString());
            } else {
                LOG.error(lost);
                renewals.cancel(false);
            }
        }
    }

    /** The new file is there before the old one goes, so that each listing has one of them. */
    private synchronized void replace(boolean last) throws IOException {
        if (closed) {
            return;
        }
        closed = last;
        Claim next = last ? mine.released() : mine.renewed();
        mine = next; // also if this fails: a name is never used twice
        claims.write(next, self);
        claims.deleteBelow(next);
    }

    /** Gives the folder up, if it has not been lost. */
    @Override
    public void close() {
        renewals.cancel(false);
        thread.shutdown();
        try {
            check();
            replace(true);
        } catch (IOException | RuntimeException e) {
            LOG.warn("Cannot give up the claim on {}: {}", claims.folder(), e.toString());
        }
    }
}
