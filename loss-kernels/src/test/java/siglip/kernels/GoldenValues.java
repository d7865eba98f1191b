package siglip.kernels;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import siglip.kernels.blas.Matrix;

/** One case of the file that {@code scripts/golden/generate.py} writes; its format is described there. */
final class GoldenValues {
    private static final String FILE = "/golden/open_clip.txt";
    private static final Pattern SPACE = Pattern.compile(" ");

    private final String name;
    private final Map<String, String> values = new HashMap<>();

    private GoldenValues(String name) {
        this.name = name;
    }

    static List<GoldenValues> all() {
        List<GoldenValues> cases = new ArrayList<>();
        try (InputStream stream = GoldenValues.class.getResourceAsStream(FILE);
                BufferedReader reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                int space = line.indexOf(' ');
                if (line.startsWith("case ")) {
                    cases.add(new GoldenValues(line.substring(space + 1)));
                } else if (!line.isEmpty() && !line.startsWith("#")) {
                    cases.get(cases.size() - 1).values.put(line.substring(0, space), line.substring(space + 1));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read " + FILE, e);
        }
        return cases;
    }

    boolean isSoftmax() {
        return form().loss() == Loss.SOFTMAX;
    }

    LossForm form() {
        return switch (values.get("kind")) {
            case "sigmoid" -> LossForm.plain(Loss.SIGMOID);
            case "softmax" -> LossForm.plain(Loss.SOFTMAX);
            default -> new LossForm(Loss.SOFTMAX, Map.of(LossOption.LABEL_SMOOTHING, number("smoothing")));
        };
    }

    int pairs() {
        return Integer.parseInt(values.get("pairs"));
    }

    double number(String key) {
        return Double.parseDouble(values.get(key));
    }

    LogitParams params() {
        return new LogitParams(number("log_scale"), number("bias"));
    }

    /** Inputs, which {@code float} holds exactly. */
    Matrix matrix(String key) {
        String[] numbers = SPACE.split(values.get(key), -1);
        Matrix matrix = Matrix.allocate(pairs(), numbers.length / pairs());
        for (int i = 0; i < numbers.length; i++) {
            matrix.set(i / matrix.columns(), i % matrix.columns(), Float.parseFloat(numbers[i]));
        }
        return matrix;
    }

    /** Results, times a factor. */
    double[][] rows(String key, double factor) {
        String[] numbers = SPACE.split(values.get(key), -1);
        int columns = numbers.length / pairs();
        double[][] rows = new double[pairs()][columns];
        for (int i = 0; i < numbers.length; i++) {
            rows[i / columns][i % columns] = factor * Double.parseDouble(numbers[i]);
        }
        return rows;
    }

    @Override
    public String toString() {
        return name;
    }
}
