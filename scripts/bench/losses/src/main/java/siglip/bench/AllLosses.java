package siglip.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.Numerics;
import siglip.kernels.blas.MatrixProducts;

/**
 * Every loss on the same batch in one process, in turns, so that a slow minute of the machine hits all: the least processor time of each, and its ratio to
 * that of the plain sigmoid and of the softmax. What costs the same for any loss, as centring does, takes no part.
 */
public final class AllLosses {
    private static final int WARM_UP = 3; // rounds

    private static final List<LossForm> FORMS = List.of(
            LossForm.plain(Loss.SIGMOID),
            new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, 4.0)),
            LossForm.plain(Loss.SIGMOID_RELATIVE),
            new LossForm(Loss.SIGMOID, Map.of(LossOption.RANDOM_NEGATIVES, 0.25)),
            new LossForm(Loss.SIGMOID, Map.of(LossOption.VRNS_WEIGHT, 10.0)),
            LossForm.plain(Loss.SOFTMAX),
            new LossForm(Loss.SOFTMAX, Map.of(LossOption.VRNS_WEIGHT, 10.0)),
            new LossForm(Loss.SOFTMAX, Map.of(LossOption.LABEL_SMOOTHING, 0.1)),
            LossForm.plain(Loss.HYBRID),
            LossForm.plain(Loss.SIGMOID_ADAPTIVE),
            LossForm.plain(Loss.SIGMOID_SOLVED),
            new LossForm(Loss.SIGMOID, Map.of(LossOption.HARDEST_NEGATIVES, 0.25)),
            new LossForm(Loss.SIGMOID, Map.of(LossOption.EASIEST_NEGATIVES, 0.25)));

    private AllLosses() {}

    /** @param arguments sizes with commas between, rounds */
    public static void main(String[] arguments) {
        int rounds = Integer.parseInt(arguments[1]);
        String best;
        try (MatrixProducts products = MatrixProducts.open("auto", "auto")) {
            best = products.precision().id();
        }
        Main.print(
                "milliseconds of processor time, one thread, dims %d; the least of %d in turns%n", Batch.DIM, rounds);
        for (String size : arguments[0].split(",", -1)) {
            Batch batch = new Batch(Integer.parseInt(size));
            for (String precision : best.equals("fp32") ? List.of("fp32") : List.of("fp32", "bf16")) {
                run(batch, precision, rounds);
            }
        }
    }

    private static void run(Batch batch, String precision, int rounds) {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        List<LossRun> runs = new ArrayList<>();
        try {
            for (LossForm form : FORMS) {
                runs.add(new LossRun(batch, form, precision));
            }
            double[] least = new double[runs.size()];
            Arrays.fill(least, Double.POSITIVE_INFINITY);
            for (int round = 0; round < WARM_UP + rounds; round++) {
                for (int i = 0; i < least.length; i++) {
                    long before = threads.getCurrentThreadCpuTime();
                    runs.get(i).run();
                    double milliseconds = 1e-6 * (threads.getCurrentThreadCpuTime() - before);
                    least[i] = round < WARM_UP ? least[i] : Math.min(least[i], milliseconds);
                }
            }
            print(runs.get(0).numerics(), batch.images.rows(), least);
        } finally {
            runs.forEach(LossRun::close);
        }
    }

    private static void print(Numerics numerics, int n, double[] milliseconds) {
        Main.print(
                "%n%s, %s, %s, n %d%n%-36s %9s %9s %9s%n",
                numerics.precision(),
                numerics.products(),
                numerics.elementwise(),
                n,
                "loss",
                "ms",
                "x sigmoid",
                "x softmax");
        double sigmoid = milliseconds[FORMS.indexOf(LossForm.plain(Loss.SIGMOID))];
        double softmax = milliseconds[FORMS.indexOf(LossForm.plain(Loss.SOFTMAX))];
        for (int i = 0; i < milliseconds.length; i++) {
            double of = milliseconds[i];
            Main.print("%-36s %9.1f %9.2f %9.2f%n", FORMS.get(i).id(), of, of / sigmoid, of / softmax);
        }
    }
}
