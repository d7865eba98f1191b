package siglip.job.towers;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import siglip.job.config.SettingsException;
import siglip.job.config.TowerSettings;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;
import siglip.job.order.Keyed;
import siglip.kernels.blas.Matrix;

/** What a model consists of, checked: ships to every rank, and makes towers and initial parameters. */
public final class ModelSpec implements Serializable {
    private final PairShape shape;
    private final TowerSettings.Table table;
    private final ParameterLayout layout;
    private final TowerPlan image;
    private final TowerPlan text;
    // A named model zip's own parameters; empty without. The driver alone needs them, so they do not travel.
    private final transient float[] imageStart;
    private final transient float[] textStart;
    private final transient boolean atHome; // false once it has travelled

    private ModelSpec(
            PairShape shape,
            TowerPlan image,
            TowerPlan text,
            TowerSettings.Table table,
            float[] imageStart,
            float[] textStart) {
        this.shape = shape;
        this.image = image;
        this.text = text;
        this.table = table;
        this.imageStart = imageStart;
        this.textStart = textStart;
        boolean tokens = shape.textIsTokens();
        layout = new ParameterLayout(
                image.parameters(), text.parameters(), tokens ? table.buckets() : 0, tokens ? table.width() : 0);
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
        int textWidth = textWidth(shape, settings.table());
        Optional<GraphSource> image = settings.image().graph().map(file -> GraphSource.read(file, hadoop));
        Optional<GraphSource> text = settings.text().graph().map(file -> GraphSource.read(file, hadoop));
        TowerPlan imagePlan = plan("image", settings.image(), image, shape.imageWidth(), settings.width());
        TowerPlan textPlan = plan("text", settings.text(), text, textWidth, settings.width());
        long parameters = (long) imagePlan.parameters() + textPlan.parameters();
        if (parameters > Matrix.MOST_FLOATS) {
            throw new IllegalArgumentException(
                    "Cannot build the towers: they have %d parameters, and at most %d can be trained. Set towers.width, towers.image.hidden or towers.text.hidden lower"
                            .formatted(parameters, Matrix.MOST_FLOATS));
        }
        return new ModelSpec(
                shape,
                imagePlan,
                textPlan,
                settings.table(),
                image.flatMap(GraphSource::parameters).orElse(new float[0]),
                text.flatMap(GraphSource::parameters).orElse(new float[0]));
    }

    /** Of a model that was saved. */
    public static ModelSpec restore(PairShape shape, TowerPlan image, TowerPlan text, TowerSettings.Table table) {
        return new ModelSpec(shape, image, text, table, new float[0], new float[0]);
    }

    /** Floats of a row that the text tower takes. */
    public static int textWidth(PairShape shape, TowerSettings.Table table) {
        return shape.textIsTokens() ? table.width() : shape.textWidth();
    }

    private static TowerPlan plan(
            String name, TowerSettings.Tower settings, Optional<GraphSource> graph, int in, int out) {
        if (graph.isEmpty()) {
            return TowerPlan.of(name, settings, in, out);
        }
        TowerPlan plan = TowerPlan.of(name, graph.get().configuration(), in, out, false, settings.inputDropout());
        graph.get().parameters().ifPresent(plan::checkCount);
        return plan;
    }

    public ParameterLayout layout() {
        return layout;
    }

    public PairShape shape() {
        return shape;
    }

    /** Floats of an embedding, d. */
    public int width() {
        return image.out();
    }

    /** Whether both towers run on our own forward and backward; if not, at least one is run by DL4J. */
    public boolean fastPath() {
        return !image.chain().isEmpty() && !text.chain().isEmpty();
    }

    /** For each number of the flat vector, whether weight decay applies: to weights, not to biases and gains. */
    public boolean[] decayed() {
        boolean[] decayed = new boolean[layout.dense()];
        for (Tensor tensor : tensors()) {
            Arrays.fill(decayed, tensor.from(), tensor.from() + tensor.size(), tensor.decays());
        }
        return decayed;
    }

    /** What the flat vector of the towers is made of, in order. */
    public List<Tensor> tensors() {
        return Stream.concat(
                        image.tensors().stream(), text.tensors().stream().map(each -> each.after(image.parameters())))
                .toList();
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

    public TowerSettings.Table table() {
        return table;
    }

    public TowerPlan image() {
        return image;
    }

    public TowerPlan text() {
        return text;
    }

    /**
     * Where training starts, by the seed alone. Layers of our own: as each kind has it. A graph that was named: its own initialisation, or
     * the parameters of its model zip. Table: normal with the deviation of the settings. Made by {@link Random}, whose algorithms its
     * documentation fixes.
     *
     * <p>To be called where the spec was made: parameters of a model zip do not travel with it.
     */
    public Parameters initial(long seed) {
        if (!atHome && !(image.builtIn() && text.builtIn())) {
            throw new IllegalStateException(
                    "Cannot start a named graph's parameters here: make them where the spec was made");
        }
        Parameters parameters = Parameters.allocate(layout);
        image.start(parameters.of(Modality.IMAGE), imageStart, Keyed.output(seed + 1));
        text.start(parameters.of(Modality.TEXT), textStart, Keyed.output(seed + 2));
        Random random = new Random(Keyed.output(seed + 3));
        Matrix rows = parameters.table();
        float[] row = new float[rows.columns()];
        for (int i = 0; i < rows.rows(); i++) {
            for (int k = 0; k < row.length; k++) {
                row[k] = (float) (table.deviation() * random.nextGaussian());
            }
            rows.write(i * row.length, row, 0, row.length);
        }
        return parameters;
    }
}
