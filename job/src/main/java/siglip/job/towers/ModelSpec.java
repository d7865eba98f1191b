package siglip.job.towers;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.Optional;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import siglip.job.config.SettingsException;
import siglip.job.config.TowerSettings;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;
import siglip.kernels.blas.Matrix;

/** What a model consists of, checked: ships to every rank, and makes towers and initial parameters. */
public final class ModelSpec implements Serializable {
    private final PairShape shape;
    private final int width;
    private final double tableDeviation;
    private final ParameterLayout layout;
    private final TowerPlan image;
    private final TowerPlan text;
    // A named model zip's own parameters; empty without. The driver alone needs them, so they do not travel.
    private final transient float[] imageStart;
    private final transient float[] textStart;
    private final transient boolean atHome; // false once it has travelled

    private ModelSpec(
            PairShape shape,
            int width,
            ParameterLayout layout,
            double tableDeviation,
            TowerPlan image,
            TowerPlan text,
            float[] imageStart,
            float[] textStart) {
        this.shape = shape;
        this.width = width;
        this.layout = layout;
        this.tableDeviation = tableDeviation;
        this.image = image;
        this.text = text;
        this.imageStart = imageStart;
        this.textStart = textStart;
        atHome = true;
    }

    /**
     * Builds the towers that the settings describe, over pairs of this shape.
     *
     * @throws SettingsException if a named graph cannot be read, holds what is forbidden, or has other widths
     */
    public static ModelSpec of(TowerSettings settings, PairShape shape) {
        return of(settings, shape, new Configuration());
    }

    /** As {@link #of(TowerSettings, PairShape)}, reading named graphs through this Hadoop configuration. */
    public static ModelSpec of(TowerSettings settings, PairShape shape, Configuration hadoop) {
        try {
            return build(settings, shape, hadoop);
        } catch (IllegalArgumentException e) {
            throw new SettingsException(e);
        }
    }

    private static ModelSpec build(TowerSettings settings, PairShape shape, Configuration hadoop) {
        int textWidth = shape.textIsTokens() ? settings.table().width() : shape.textWidth();
        Optional<GraphSource> image = settings.image().graph().map(file -> GraphSource.read(file, hadoop));
        Optional<GraphSource> text = settings.text().graph().map(file -> GraphSource.read(file, hadoop));
        TowerPlan imagePlan = plan("image", settings.image(), image, shape.imageWidth(), settings.width());
        TowerPlan textPlan = plan("text", settings.text(), text, textWidth, settings.width());
        boolean tokens = shape.textIsTokens();
        return new ModelSpec(
                shape,
                settings.width(),
                new ParameterLayout(
                        imagePlan.parameters(),
                        textPlan.parameters(),
                        tokens ? settings.table().buckets() : 0,
                        tokens ? settings.table().width() : 0),
                settings.table().deviation(),
                imagePlan,
                textPlan,
                image.flatMap(GraphSource::parameters).orElse(new float[0]),
                text.flatMap(GraphSource::parameters).orElse(new float[0]));
    }

    /** What model files tell of one tower. */
    public record Side(ComputationGraphConfiguration configuration, boolean builtIn, double inputDropout) {
        public static Side of(ComputationGraphConfiguration configuration, JsonNode json) {
            return new Side(
                    configuration,
                    json.get("builtIn").asBoolean(),
                    json.get("inputDropout").asDouble());
        }

        TowerPlan plan(String name, int in, int out) {
            return TowerPlan.of(name, configuration, in, out, builtIn, inputDropout);
        }
    }

    /** The spec of a model that was saved. */
    public static ModelSpec restore(
            PairShape shape,
            int width,
            int tableRows,
            int tableWidth,
            double tableDeviation,
            Side imageSide,
            Side textSide) {
        TowerPlan image = imageSide.plan("image", shape.imageWidth(), width);
        TowerPlan text = textSide.plan("text", shape.textIsTokens() ? tableWidth : shape.textWidth(), width);
        ParameterLayout layout = new ParameterLayout(image.parameters(), text.parameters(), tableRows, tableWidth);
        return new ModelSpec(shape, width, layout, tableDeviation, image, text, new float[0], new float[0]);
    }

    private static TowerPlan plan(
            String name, TowerSettings.Dense settings, Optional<GraphSource> graph, int in, int out) {
        if (graph.isPresent()) {
            return TowerPlan.of(name, graph.get().configuration(), in, out, false, settings.inputDropout());
        }
        return TowerPlan.dense(name, in, settings.hidden(), settings.activation(), out, settings.inputDropout());
    }

    public ParameterLayout layout() {
        return layout;
    }

    public PairShape shape() {
        return shape;
    }

    /** Floats of an embedding, d. */
    public int width() {
        return width;
    }

    /** Whether both towers run on our own forward and backward; if not, at least one is run by DL4J. */
    public boolean fastPath() {
        return !image.chain().isEmpty() && !text.chain().isEmpty();
    }

    /** For each number of the flat vector, whether weight decay applies: to weights, not to biases and gains. */
    public boolean[] decayed() {
        boolean[] decayed = new boolean[layout.dense()];
        System.arraycopy(image.decayed(), 0, decayed, 0, image.parameters());
        System.arraycopy(text.decayed(), 0, decayed, image.parameters(), text.parameters());
        return decayed;
    }

    /** The image tower as DL4J runs it, with a copy of these parameters; its output is not normalised. */
    public ComputationGraph imageGraph(Parameters parameters) {
        return image.graph(parameters.of(Modality.IMAGE));
    }

    /** The text tower as DL4J runs it, with a copy of these parameters; it starts at {@link #textInputs} and its output is not normalised. */
    public ComputationGraph textGraph(Parameters parameters) {
        return text.graph(parameters.of(Modality.TEXT));
    }

    /** What the text tower takes for these bags: the sum of each bag's table rows, bags x tableWidth. */
    public Matrix textInputs(Parameters parameters, TokenBags bags) {
        Matrix sums = Matrix.allocate(bags.rows(), layout.tableWidth());
        new TokenSums(layout.tableRows(), layout.tableWidth()).forward(parameters.table(), bags, sums);
        return sums;
    }

    public double tableDeviation() {
        return tableDeviation;
    }

    public TowerPlan image() {
        return image;
    }

    public TowerPlan text() {
        return text;
    }

    /**
     * Where training starts, by the seed alone. Layers of our own: weights and biases uniform in ±1/sqrt(in), PyTorch's default for
     * {@code nn.Linear}. A graph that was named: its own initialisation, or the parameters of its model zip. Table: normal with the
     * deviation of the settings. Made by {@link Random}, whose algorithms its documentation fixes.
     *
     * <p>To be called where the spec was made: parameters of a model zip do not travel with it.
     */
    public Parameters initial(long seed) {
        if (!atHome && !(image.builtIn() && text.builtIn())) {
            throw new IllegalStateException(
                    "Cannot start a named graph's parameters here: make them where the spec was made");
        }
        Parameters parameters = Parameters.allocate(layout);
        start(image, imageStart, parameters.of(Modality.IMAGE), InputDropout.mix(seed + 1));
        start(text, textStart, parameters.of(Modality.TEXT), InputDropout.mix(seed + 2));
        Random random = new Random(InputDropout.mix(seed + 3));
        Matrix table = parameters.table();
        float[] row = new float[table.columns()];
        for (int i = 0; i < table.rows(); i++) {
            for (int k = 0; k < row.length; k++) {
                row[k] = (float) (tableDeviation * random.nextGaussian());
            }
            table.write(i * row.length, row, 0, row.length);
        }
        return parameters;
    }

    private static void start(TowerPlan plan, float[] given, Matrix into, long seed) {
        if (plan.builtIn()) {
            uniform(plan, into, new Random(seed));
        } else if (given.length > 0) {
            into.write(0, given, 0, plan.parameters());
        } else {
            ComputationGraphConfiguration configuration = plan.configuration();
            configuration.getDefaultConfiguration().setSeed(seed);
            ComputationGraph graph = new ComputationGraph(configuration);
            graph.init();
            into.write(0, Nd4jBridge.read(graph.params()), 0, plan.parameters());
        }
    }

    private static void uniform(TowerPlan plan, Matrix into, Random random) {
        int at = 0;
        for (DenseShape layer : plan.chain()) {
            double bound = 1 / Math.sqrt(layer.in());
            float[] values = new float[layer.parameters()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (bound * (2 * random.nextDouble() - 1));
            }
            into.write(at, values, 0, values.length);
            at += values.length;
        }
    }
}
