package siglip.job.data;

import java.io.Serializable;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import siglip.job.batches.EncodedPair;
import siglip.job.config.DataSettings.Columns;
import siglip.job.config.DataSettings.Scaling;
import siglip.job.features.ExactMoments;
import siglip.job.features.FeatureMoments;
import siglip.job.features.FeatureRange;
import siglip.job.features.FeatureScaling;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;
import siglip.job.formats.ImageColumn;

/** Sums for the scaling of both sides, by the shape of pairs: which shape is the common one is only known when all rows are read. */
final class ScalingSums implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int MOST_SHAPES = 64; // what the sums of all of them take must fit into an executor

    private final ImageColumn image;
    private final Scaling imageScaling;
    private final Scaling textScaling;
    private final Map<PairShape, Sides> byShape = new HashMap<>();
    private final FeatureRange imageRange = new FeatureRange(); // where features stay as they are
    private final FeatureRange textRange = new FeatureRange();

    /** Sums of pairs of one shape. */
    private record Sides(FeatureMoments image, FeatureMoments text) implements Serializable {}

    ScalingSums(ImageColumn image, Scaling imageScaling, Scaling textScaling) {
        this.image = image;
        this.imageScaling = imageScaling;
        this.textScaling = textScaling;
    }

    /** Sums of no rows, for the same columns. */
    ScalingSums empty() {
        return new ScalingSums(image, imageScaling, textScaling);
    }

    void add(PairShape shape, EncodedPair pair) {
        if (imageScaling == Scaling.NONE) {
            imageRange.add(pair.image(shape));
        }
        if (textScaling == Scaling.NONE && !shape.textIsTokens()) {
            for (float[] text : pair.texts(shape)) {
                textRange.add(text);
            }
        }
        if (imageScaling != Scaling.STANDARDISE && textScaling != Scaling.STANDARDISE) {
            return;
        }
        Sides sides = byShape.computeIfAbsent(shape, this::sides);
        refuseTooMany();
        if (imageScaling == Scaling.STANDARDISE) {
            sides.image().add(pair.image(shape));
        }
        if (textScaling == Scaling.STANDARDISE) {
            for (float[] text : pair.texts(shape)) {
                sides.text().add(text);
            }
        }
    }

    private Sides sides(PairShape shape) {
        return new Sides(
                imageScaling == Scaling.STANDARDISE ? image.moments(shape.imageWidth()) : new ExactMoments(0),
                new ExactMoments(textScaling == Scaling.STANDARDISE ? shape.textWidth() : 0));
    }

    void add(ScalingSums other) {
        other.byShape.forEach((shape, more) -> byShape.merge(shape, more, (mine, theirs) -> {
            mine.image().add(theirs.image());
            mine.text().add(theirs.text());
            return mine;
        }));
        imageRange.add(other.imageRange);
        textRange.add(other.textRange);
        refuseTooMany();
    }

    /** What is said of features that training cannot compute with as they are, by side; empty where there are none. */
    Map<String, String> tooLarge(Columns columns) {
        Map<String, String> remarks = new LinkedHashMap<>();
        remark(remarks, "image", columns.image(), imageRange);
        remark(remarks, "text", String.join(", ", columns.text()), textRange);
        return remarks;
    }

    private static void remark(Map<String, String> remarks, String side, String column, FeatureRange range) {
        if (range.isLarge()) {
            remarks.put(
                    "large %s features".formatted(side),
                    "column %s holds %s, and beyond 1e16 a training leaves the range of float32. Set data.scaling.%s = standardise or unit (it is none)"
                            .formatted(column, range, side));
        }
    }

    private void refuseTooMany() {
        if (byShape.size() > MOST_SHAPES) {
            throw new DataException(
                    "Cannot find out how to scale features: training rows have more than %d different widths. Are these the right columns? data.scaling.image and data.scaling.text = none need no statistics"
                            .formatted(MOST_SHAPES));
        }
    }

    PairScaling scaling(PairShape shape) {
        Sides sides = byShape.getOrDefault(shape, sides(shape));
        return new PairScaling(
                scaling(imageScaling, sides.image()),
                shape.textIsTokens() ? FeatureScaling.NONE : scaling(textScaling, sides.text()));
    }

    private static FeatureScaling scaling(Scaling kind, FeatureMoments moments) {
        return switch (kind) {
            case STANDARDISE -> moments.scaling();
            case UNIT -> FeatureScaling.UNIT;
            case NONE -> FeatureScaling.NONE;
        };
    }
}
