package siglip.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.openjdk.jmh.runner.RunnerException;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.Numerics;
import siglip.kernels.blas.MatrixProducts;

/** The benchmark of the losses: rates of this machine, both losses beside their floors, and open_clip's beside them. */
public final class Main {
    private static final List<String> LOSSES = List.of("sigmoid", "softmax");
    private static final List<String> FORMS = List.of("eager", "compiled", "chunked");

    private final int[] sizes;
    private final int seconds;
    private final Path folder;
    private final Optional<Torch> torch;
    private final Timer timer;

    private Main(int[] sizes, int seconds, Path folder, Optional<Torch> torch) {
        this.sizes = sizes;
        this.seconds = seconds;
        this.folder = folder;
        this.torch = torch;
        timer = new Timer(seconds);
    }

    /** @param arguments python with torch or an empty word, the script it runs, sizes with commas between or an empty word for the rates alone, seconds of each measurement */
    public static void main(String[] arguments) throws IOException, RunnerException {
        String python = arguments[0];
        int[] sizes = Arrays.stream(arguments[2].split(",", -1))
                .filter(size -> !size.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
        Path folder = Files.createTempDirectory("loss-bench");
        try {
            Optional<Torch> torch = python.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new Torch(python, arguments[1], folder.toString()));
            try {
                new Main(sizes, Integer.parseInt(arguments[3]), folder, torch).run();
            } finally {
                if (torch.isPresent()) {
                    torch.get().close();
                }
            }
        } finally {
            delete(folder);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void run() throws IOException, RunnerException {
        String best;
        try (MatrixProducts products = MatrixProducts.open("auto", "auto")) {
            best = products.precision().id();
        }
        List<String> precisions = best.equals("fp32") ? List.of("fp32") : List.of("fp32", "bf16");
        for (int n : sizes) {
            new Batch(n).write(folder.resolve(n + ".f32"));
        }
        print("milliseconds of processor time, one thread, dims %d; the least of several measurements%n", Batch.DIM);
        if (precisions.size() == 1) {
            print("no bf16: the processor does not multiply it itself%n");
        }
        for (String precision : precisions) {
            run(precision);
        }
    }

    private void run(String precision) throws IOException, RunnerException {
        try (LossRun any = new LossRun(new Batch(1), LossForm.plain(Loss.SIGMOID), precision)) {
            Numerics numerics = any.numerics();
            print(
                    "%n%s, %s, %s, tiles of %d%n",
                    precision, numerics.products(), numerics.elementwise(), numerics.tile());
        }
        Floor floor = Floor.measure(timer, precision);
        print("%s%n", floor);
        if (sizes.length == 0) {
            return;
        }
        print("%-8s %6s %9s %8s %8s", "loss", "n", "ms", "floor", "x floor");
        for (String form : FORMS) {
            print(torch.isPresent() ? " %9s %6s" : "", form, "ratio");
        }
        print("%n");
        for (String loss : LOSSES) {
            for (int n : sizes) {
                run(loss, precision, n, floor);
            }
        }
    }

    private void run(String loss, String precision, int n, Floor floor) throws IOException, RunnerException {
        Map<String, Double> ours;
        try (LossRun once = new LossRun(new Batch(n), LossForm.plain(Loss.of(loss)), precision)) {
            ours = once.numbers();
        }
        double time = timer.loss(loss, precision, n);
        print("%-8s %6d %9.2f %8.2f %8.3f", loss, n, time, floor.of(loss, n), time / floor.of(loss, n));
        StringBuilder reasons = new StringBuilder();
        for (String form : FORMS) {
            if (torch.isPresent() && loss.equals("softmax") && form.equals("chunked")) {
                print(" %9s %6s", "none", ""); // its columns need all rows before any gradient
            } else if (torch.isPresent()) {
                try {
                    Agreement.check(
                            ours, torch.get().ask("check", loss, form, precision, Integer.toString(n)), precision);
                    double theirs = torch.get()
                            .ask("time", loss, form, precision, Integer.toString(n), Integer.toString(seconds))
                            .get("cpu");
                    print(" %9.2f %5.2fx", theirs, theirs / time);
                } catch (IOException e) {
                    print(" %9s %6s", "-", "");
                    reasons.append("  ")
                            .append(form)
                            .append(": ")
                            .append(e.getMessage())
                            .append(System.lineSeparator());
                }
            }
        }
        print("%n%s", reasons);
    }

    static void print(String format, Object... arguments) {
        System.out.print(String.format(Locale.ROOT, format, arguments));
        System.out.flush();
    }
}
