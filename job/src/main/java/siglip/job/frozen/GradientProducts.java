package siglip.job.frozen;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import siglip.job.optimizer.Gradient;
import siglip.job.optimizer.ModelPart;
import siglip.job.optimizer.PartProducts;
import siglip.job.optimizer.Slot;
import siglip.job.stability.Estimate;
import siglip.job.stability.GradientNoise;
import siglip.job.stability.InnerProducts;
import siglip.job.stability.Jackknife;
import siglip.job.training.FrozenModels;
import siglip.kernels.LossScalar;

/**
 * The second pass over the gradients of several losses on the same batches: all inner products that their estimates need, so that no gradient is kept.
 */
final class GradientProducts implements FrozenModels.Taker {
    private static final int PARTS = ModelPart.values().length;

    private final PartProducts products;
    private final List<GradientSums> sums;
    private final Slot common;
    private final double commonInverse;
    private final Gradient[] batch; // the gradients of one batch, by loss
    private final double[][][][] same; // by loss, other loss up to it, part and batch: with the other's gradient
    private final double[][][][] withSum; // by loss, other loss, part and batch: with the other's sum
    private final double[][] direction; // by loss and batch: of the gradient with the sum of directions
    private final double[][][] directionOfPart; // the same by part
    private final double[][] along; // by loss and batch: component along the common direction
    private final double[][] value; // by loss and batch
    private final double[][][] scalars; // by loss, scalar and batch

    /**
     * @param sums of the first pass, by loss
     * @param common the common direction, of any length
     */
    GradientProducts(PartProducts products, List<GradientSums> sums, Slot common, int batches) {
        this.products = products;
        this.sums = sums;
        this.common = common;
        commonInverse =
                GradientSums.inverse(Arrays.stream(products.squares(common)).sum());
        int losses = sums.size();
        batch = new Gradient[losses];
        same = new double[losses][losses][PARTS][batches];
        withSum = new double[losses][losses][PARTS][batches];
        direction = new double[losses][batches];
        directionOfPart = new double[losses][PARTS][batches];
        along = new double[losses][batches];
        value = new double[losses][batches];
        scalars = new double[losses][LossScalar.values().length][batches];
    }

    @Override
    public void take(int loss, long number, double lossValue, Gradient gradient) {
        int k = (int) number;
        batch[loss] = gradient;
        for (int other = 0; other < sums.size(); other++) {
            put(products.of(gradient, sums.get(other).whole()), withSum[loss][other], k);
        }
        for (int other = 0; other <= loss; other++) {
            put(products.of(gradient, batch[other]), same[loss][other], k);
        }
        double square = 0;
        double[] parts = products.of(gradient, sums.get(loss).parts());
        for (int part = 0; part < PARTS; part++) {
            double ofPart = same[loss][loss][part][k];
            directionOfPart[loss][part][k] = parts[part] * GradientSums.inverse(ofPart);
            square += ofPart;
        }
        direction[loss][k] = sum(products.of(gradient, sums.get(loss).directions())) * GradientSums.inverse(square);
        along[loss][k] = sum(products.of(gradient, common)) * commonInverse;
        value[loss][k] = lossValue;
        for (int i = 0; i < gradient.scalars.length; i++) {
            scalars[loss][i][k] = gradient.scalars[i];
        }
    }

    private static void put(double[] byPart, double[][] to, int k) {
        for (int part = 0; part < byPart.length; part++) {
            to[part][k] = byPart[part];
        }
    }

    static double sum(double[] parts) {
        return Arrays.stream(parts).sum();
    }

    /** The value of a loss. */
    Estimate value(int loss) {
        return Jackknife.ofMean(value[loss]);
    }

    /** Of a loss's gradient, the component along the common direction by batch. */
    double[] alongCommon(int loss) {
        return along[loss];
    }

    /** The same along the loss's own mean gradient. */
    double[] alongOwn(int loss) {
        double inverse =
                GradientSums.inverse(sum(products.squares(sums.get(loss).whole())));
        double[] components = new double[value[loss].length];
        Arrays.setAll(components, k -> {
            double product = 0;
            for (int part = 0; part < PARTS; part++) {
                product += withSum[loss][loss][part][k];
            }
            return product * inverse;
        });
        return components;
    }

    Estimate commonCosine(int loss) {
        return GradientNoise.cosine(products(loss, loss).get(FrozenFigures.MODEL), along[loss]);
    }

    /** The cosines between two losses, the later one first, by part. */
    Map<String, Estimate> cosine(int one, int other) {
        Map<String, InnerProducts> own = products(one, one);
        Map<String, InnerProducts> theirs = products(other, other);
        Map<String, Estimate> cosines = new LinkedHashMap<>();
        products(one, other)
                .forEach(
                        (part, both) -> cosines.put(part, GradientNoise.cosine(own.get(part), both, theirs.get(part))));
        return cosines;
    }

    /**
     * The noise of a loss's gradient, by part.
     *
     * @param learned its scalars
     */
    Map<String, GradientNoise> noise(int loss, List<LossScalar> learned, int pairs) {
        Map<String, InnerProducts> directions = new LinkedHashMap<>();
        double[] ones = new double[value[loss].length];
        Arrays.fill(ones, 1);
        directions.put(FrozenFigures.MODEL, InnerProducts.of(ones, direction[loss]));
        for (ModelPart part : parts()) {
            directions.put(part.id(), InnerProducts.of(ones, directionOfPart[loss][part.ordinal()]));
        }
        Map<String, GradientNoise> noise = new LinkedHashMap<>();
        products(loss, loss)
                .forEach((part, own) -> noise.put(part, GradientNoise.of(own, directions.get(part), pairs)));
        for (int i = 0; i < learned.size(); i++) {
            double[] values = scalars[loss][i];
            noise.put(
                    learned.get(i).id(),
                    GradientNoise.of(
                            InnerProducts.ofNumbers(values),
                            InnerProducts.ofNumbers(
                                    Arrays.stream(values).map(Math::signum).toArray()),
                            pairs));
        }
        return noise;
    }

    /** A model without a table has no such part. */
    private List<ModelPart> parts() {
        return products.layout().tableRows() > 0
                ? List.of(ModelPart.values())
                : List.of(ModelPart.IMAGE_TOWER, ModelPart.TEXT_TOWER);
    }

    /**
     * The whole model first, then its parts.
     *
     * @param one not before {@code other}
     */
    private Map<String, InnerProducts> products(int one, int other) {
        Map<String, InnerProducts> parts = new LinkedHashMap<>();
        for (ModelPart part : parts()) {
            int i = part.ordinal();
            parts.put(
                    part.id(), new InnerProducts(same[one][other][i], withSum[one][other][i], withSum[other][one][i]));
        }
        Map<String, InnerProducts> found = new LinkedHashMap<>();
        found.put(
                FrozenFigures.MODEL,
                parts.values().stream().reduce(InnerProducts::plus).orElseThrow());
        found.putAll(parts);
        return found;
    }
}
