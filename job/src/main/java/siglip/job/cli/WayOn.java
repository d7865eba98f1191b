package siglip.job.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What to do when the program ends before its work is done: said in one line when a signal ends it, and where a cluster or a disk fails it. After
 * that line the program is silent: what Spark and the run say while they are torn down is of no use to anybody.
 */
final class WayOn {
    private static volatile Optional<Supplier<String>> way = Optional.empty();
    private static volatile boolean done;
    private static volatile boolean silent;

    private WayOn() {}

    /** From here on a signal that ends the program, such as that of Ctrl-C, is answered on the error stream. */
    static void watch() {
        PrintStream err = System.err;
        System.setOut(untilSilent(System.out, "stdout.encoding"));
        System.setErr(untilSilent(err, "stderr.encoding"));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> answer(err), "way-on"));
    }

    private static void answer(PrintStream err) {
        if (!done) {
            silent = true;
            String told = told().orElse("there is nothing to go on from: give the same command again");
            err.println("%s: stopped before its end; %s".formatted(Platform.program(), told));
        }
    }

    private static PrintStream untilSilent(PrintStream stream, String encoding) {
        String charset = System.getProperty(encoding, Charset.defaultCharset().name());
        return new PrintStream(new UntilSilent(stream), true, Charset.forName(charset));
    }

    /** The program ends of itself: no signal is to be answered any more. */
    static void done() {
        done = true;
    }

    /** A command begins, and nobody knows yet how it could go on. */
    static void forget() {
        way = Optional.empty();
    }

    /** @param told asked by any thread, once it is needed */
    static void is(Supplier<String> told) {
        way = Optional.of(told);
    }

    static Optional<String> told() {
        return way.map(Supplier::get);
    }

    /** Whether a signal is ending the program: what fails now fails because of that. */
    static boolean isStopping() {
        Thread hook = new Thread(() -> {}, "never started");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            Runtime.getRuntime().removeShutdownHook(hook);
            return false;
        } catch (IllegalStateException stopping) {
            return true;
        }
    }

    /** Passes on what is written, up to a moment. */
    private static final class UntilSilent extends FilterOutputStream {
        private UntilSilent(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            if (!silent) {
                out.write(b);
            }
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (!silent) {
                out.write(bytes, offset, length);
            }
        }
    }
}
