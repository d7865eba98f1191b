package siglip.job.model;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import siglip.job.config.LossSettings;
import siglip.job.config.SettingsException;
import siglip.job.config.TowerTraining;
import siglip.job.features.FeatureNames;
import siglip.job.features.FeatureScaling;
import siglip.job.features.GivenScaling;
import siglip.job.features.PairScaling;
import siglip.job.files.FileSystems;
import siglip.job.towers.Modality;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.job.towers.TowerPlan;
import siglip.kernels.blas.Matrix;

/** The saved models whose towers arms start from. */
public final class TowerStarts {
    private final List<LossSettings.Arm> arms;
    private final Map<String, SavedModel> models = new LinkedHashMap<>(); // by folder

    private TowerStarts(List<LossSettings.Arm> arms) {
        this.arms = arms;
    }

    /**
     * Reads the models that arms name.
     *
     * @throws SettingsException if one cannot be read
     */
    public static TowerStarts read(List<LossSettings.Arm> arms, Configuration hadoop) {
        TowerStarts starts = new TowerStarts(arms);
        for (LossSettings.Arm arm : arms) {
            for (Modality tower : Modality.values()) {
                training(arm, tower)
                        .start()
                        .ifPresent(folder -> starts.models.computeIfAbsent(folder, path -> {
                            try {
                                return ModelFiles.read(FileSystems.path(path), hadoop);
                            } catch (IOException | IllegalArgumentException e) {
                                throw refused(tower, path, e.getMessage());
                            }
                        }));
            }
        }
        return starts;
    }

    private static TowerTraining training(LossSettings.Arm arm, Modality tower) {
        return tower == Modality.IMAGE ? arm.image() : arm.text();
    }

    private static String name(Modality tower) {
        return tower == Modality.IMAGE ? "image" : "text";
    }

    private static SettingsException refused(Modality tower, String folder, String why) {
        return new SettingsException(new IllegalArgumentException(
                "towers.%s.start: cannot start from the model in %s: %s".formatted(name(tower), folder, why)));
    }

    /**
     * How features must be scaled for the towers that are taken over.
     *
     * @throws SettingsException if they do not agree
     */
    public GivenScaling scaling() {
        return new GivenScaling(scaling(Modality.IMAGE, PairScaling::image), scaling(Modality.TEXT, PairScaling::text));
    }

    private Optional<FeatureScaling> scaling(Modality tower, Function<PairScaling, FeatureScaling> side) {
        Optional<FeatureScaling> first = Optional.empty();
        for (LossSettings.Arm arm : arms) {
            Optional<String> folder = training(arm, tower).start();
            if (folder.isPresent()) {
                FeatureScaling scaling = side.apply(models.get(folder.get()).scaling());
                if (!first.orElse(scaling).equals(scaling)) {
                    throw refused(
                            tower,
                            folder.get(),
                            "its features are scaled otherwise than those of the model that another arm starts from, and all arms share them");
                }
                first = Optional.of(scaling);
            }
        }
        return first;
    }

    /**
     * Whether the towers fit.
     *
     * @param features what makes the features of this run
     * @throws SettingsException if one has other layers, or takes other features
     */
    public void check(ModelSpec spec, FeatureNames features) {
        for (LossSettings.Arm arm : arms) {
            for (Modality tower : Modality.values()) {
                training(arm, tower).start().ifPresent(folder -> {
                    SavedModel model = models.get(folder);
                    checkLayers(tower, folder, model.spec(), spec);
                    String takes = made(tower, model.features());
                    String has = made(tower, features);
                    if (!takes.equals(has)) {
                        throw refused(
                                tower,
                                folder,
                                "it takes features of the kind %s, this run has %s".formatted(takes, has));
                    }
                });
            }
        }
    }

    private static String made(Modality tower, FeatureNames features) {
        return tower == Modality.IMAGE ? features.image() : features.text();
    }

    private static void checkLayers(Modality tower, String folder, ModelSpec model, ModelSpec spec) {
        check(
                tower,
                folder,
                tower == Modality.IMAGE ? model.image() : model.text(),
                tower == Modality.IMAGE ? spec.image() : spec.text());
        ParameterLayout saved = model.layout();
        ParameterLayout mine = spec.layout();
        if (tower == Modality.TEXT
                && (saved.tableRows() != mine.tableRows() || saved.tableWidth() != mine.tableWidth())) {
            throw refused(
                    tower,
                    folder,
                    "its table has %d rows of %d floats, that of this run %d of %d (towers.table)"
                            .formatted(saved.tableRows(), saved.tableWidth(), mine.tableRows(), mine.tableWidth()));
        }
    }

    private static void check(Modality tower, String folder, TowerPlan saved, TowerPlan mine) {
        boolean alike = (saved.chain().isEmpty() && mine.chain().isEmpty())
                ? saved.json().equals(mine.json())
                : saved.chain().equals(mine.chain());
        if (!alike || saved.in() != mine.in() || saved.out() != mine.out()) {
            throw refused(
                    tower,
                    folder,
                    "its tower has %s, that of this run %s (towers.%s, towers.width)"
                            .formatted(layers(saved), layers(mine), name(tower)));
        }
    }

    private static String layers(TowerPlan plan) {
        return plan.chain().isEmpty()
                ? "a graph of %d parameters from %d to %d floats".formatted(plan.parameters(), plan.in(), plan.out())
                : "the layers " + plan.chain();
    }

    /**
     * Where an arm starts, if not from scratch.
     *
     * @param scratch left as it is
     */
    public Parameters of(LossSettings.Arm arm, Parameters scratch) {
        if (arm.image().start().isEmpty() && arm.text().start().isEmpty()) {
            return scratch;
        }
        Parameters start = Parameters.allocate(scratch.layout());
        copy(scratch.dense(), start.dense());
        copy(scratch.table(), start.table());
        for (Modality tower : Modality.values()) {
            training(arm, tower)
                    .start()
                    .ifPresent(folder -> copy(models.get(folder).parameters().of(tower), start.of(tower)));
        }
        arm.text()
                .start()
                .ifPresent(folder -> copy(models.get(folder).parameters().table(), start.table()));
        return start;
    }

    private static void copy(Matrix from, Matrix to) {
        to.write(0, from.toArray(), 0, from.size());
    }
}
