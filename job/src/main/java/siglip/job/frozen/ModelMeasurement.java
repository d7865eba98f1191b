package siglip.job.frozen;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import siglip.job.config.LossSettings;
import siglip.job.losses.LossSpec;
import siglip.job.optimizer.PartProducts;
import siglip.job.optimizer.Slot;
import siglip.job.stability.Curvature;
import siglip.job.training.ArmSnapshot;
import siglip.job.training.FrozenModels;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;

/**
 * What several losses do at the parameters of one arm. Batches are the same in all passes: one after another for the bias of losses that have one, one for
 * the sums of gradients, one for inner products with these sums, and two each for the curvature along each loss's own gradient and along the common direction.
 *
 * <p>The scale t is the arm's own. A bias is the one at which the mean loss over the batches is least, also where the arm has learned one: so no loss
 * has the advantage of parameters that were made for its bias, and all biases mean the same.
 *
 * <p><b>The common direction</b> is that of the gradient of the mean logit, t times the mean of all similarities of a batch. The plain sigmoid loss gives it
 * exactly: with a bias far above all logits each negative pair counts with weight 1 and positive pairs do not count; with one far below, positive pairs count with
 * weight -1 and negative pairs do not. The difference of the two gradients is that of the sum of all logits.
 */
final class ModelMeasurement {
    /** In logits: beyond the scale, where a float's sigmoid is 1, and exp(-FAR) nothing beside it. */
    private static final double FAR = 60;

    /** A bias is looked for on one batch in so many first, and on so many at least. */
    private static final int FEWER = 8;

    private static final int FEWEST = 2;

    private final FrozenModels models;
    private final PartProducts products;
    private final ArmSnapshot of;
    private final int pairs;
    private final int batches;
    private final List<LossSettings.Arm> losses;

    ModelMeasurement(
            FrozenModels models,
            PartProducts products,
            List<LossSettings.Arm> losses,
            ArmSnapshot of,
            int pairs,
            int batches) {
        this.models = models;
        this.products = products;
        this.of = of;
        this.pairs = pairs;
        this.batches = batches;
        this.losses = losses;
    }

    FrozenFigures.OfModel measure(String checkpoint, long step) {
        LossScalars learned = LossScalars.of(of.loss(), of.parameters().scalars());
        List<FrozenModels.Point> points = fitted(learned);
        List<GradientSums> sums = new ArrayList<>();
        losses.forEach(loss -> sums.add(GradientSums.zeros(products)));
        Slot common = sum(points, learned.get(LossScalar.LOG_SCALE), sums);
        GradientProducts found = new GradientProducts(products, sums, common, batches);
        models.gradients(points, batches, found);
        double size = Math.sqrt(GradientProducts.sum(products.squares(of.parameters())));
        List<Slot> own = sums.stream().map(GradientSums::whole).toList();
        List<Slot> all = losses.stream().map(loss -> common).toList();
        List<Curvature> along = curvature(points, own, 1.0 / batches, size, found::alongOwn);
        double share = 1.0 / ((double) batches * pairs);
        List<Curvature> alongCommon = curvature(points, all, share, size, found::alongCommon);
        List<FrozenFigures.OfLoss> figures = new ArrayList<>();
        List<FrozenFigures.Angle> angles = new ArrayList<>();
        for (int i = 0; i < losses.size(); i++) {
            Loss loss = losses.get(i).loss();
            figures.add(new FrozenFigures.OfLoss(
                    losses.get(i).name(),
                    LossScalars.of(loss, points.get(i).values().scalars()).shown(),
                    found.value(i),
                    found.noise(i, loss.scalars(), pairs),
                    found.commonCosine(i),
                    along.get(i),
                    alongCommon.get(i)));
            for (int j = 0; j < i; j++) {
                angles.add(new FrozenFigures.Angle(
                        losses.get(j).name(), losses.get(i).name(), found.cosine(i, j)));
            }
        }
        return new FrozenFigures.OfModel(
                checkpoint,
                step,
                of.arm(),
                learned.shown(),
                size,
                share * Math.sqrt(GradientProducts.sum(products.squares(common))),
                figures,
                angles);
    }

    private FrozenModels.Point point(LossSettings.Arm loss, double... scalars) {
        Slot parameters = of.parameters();
        return new FrozenModels.Point(
                loss, new Slot(parameters.name(), parameters.dense(), parameters.table(), scalars));
    }

    /**
     * The scalar of a loss that shifts its logits, and what a shift of 1 is in it: a relative bias is taken from similarities, before they are scaled.
     */
    private record Shift(LossScalar scalar, double unit) {
        static Optional<Shift> of(Loss loss, double scale) {
            return loss.has(LossScalar.BIAS)
                    ? Optional.of(new Shift(LossScalar.BIAS, 1))
                    : loss.has(LossScalar.RELATIVE_BIAS)
                            ? Optional.of(new Shift(LossScalar.RELATIVE_BIAS, -1 / scale))
                            : Optional.empty();
        }
    }

    /** A loss on its way to its bias. */
    private record Fitted(LossSettings.Arm loss, double[] scalars, Shift shift, BiasFit fit) {
        Fitted further() {
            return new Fitted(loss, scalars, shift, new BiasFit(fit));
        }

        void set(double bias) {
            ModelMeasurement.set(loss.loss(), scalars, shift.scalar(), bias * shift.unit());
        }

        /** With respect to a bias, of a gradient with respect to the scalars. */
        double gradient(double... withRespectToScalars) {
            return withRespectToScalars[loss.loss().scalars().indexOf(shift.scalar())] * shift.unit();
        }
    }

    /** Each loss at the arm's parameters and scale, with its own bias of least loss. */
    private List<FrozenModels.Point> fitted(LossScalars learned) {
        double logScale = learned.get(LossScalar.LOG_SCALE);
        List<FrozenModels.Point> points = new ArrayList<>();
        List<Fitted> all = new ArrayList<>();
        for (LossSettings.Arm loss : losses) {
            double[] scalars = LossSpec.initial(loss, pairs).toArray();
            set(loss.loss(), scalars, LossScalar.LOG_SCALE, logScale);
            points.add(point(loss, scalars)); // which shares them
            boolean shifted = Shift.of(of.loss(), 1).isPresent();
            double start = (shifted ? learned : LossScalars.of(loss.loss(), scalars))
                    .logits()
                    .bias();
            Shift.of(loss.loss(), Math.exp(logScale))
                    .filter(shift -> !loss.loss().solves(shift.scalar()))
                    .ifPresent(shift -> all.add(new Fitted(loss, scalars, shift, new BiasFit(start))));
        }
        fit(all, Math.max(FEWEST, batches / FEWER)); // most of the way: the rest takes a step or two
        fit(all.stream().map(Fitted::further).toList(), batches);
        return points;
    }

    private void fit(List<Fitted> all, int some) {
        for (int step = 0; step < BiasFit.MOST_STEPS; step++) {
            List<Fitted> going =
                    all.stream().filter(each -> !each.fit().isDone()).toList();
            if (going.isEmpty()) {
                break;
            }
            going.forEach(each -> each.set(each.fit().next()));
            double[] gradients = new double[going.size()];
            models.gradients(
                    going.stream()
                            .map(each -> point(each.loss(), each.scalars()))
                            .toList(),
                    some,
                    (point, batch, value, gradient) ->
                            gradients[point] += going.get(point).gradient(gradient.scalars) / some);
            IntStream.range(0, gradients.length).forEach(i -> going.get(i).fit().take(gradients[i]));
        }
        all.forEach(each -> each.set(each.fit().best()));
    }

    private static void set(Loss loss, double[] scalars, LossScalar scalar, double value) {
        scalars[loss.scalars().indexOf(scalar)] = value;
    }

    /**
     * Adds each loss's gradients to its sums.
     *
     * @return the sum over batches of the gradient of the sum of all logits, over the pairs of a batch
     */
    private Slot sum(List<FrozenModels.Point> points, double logScale, List<GradientSums> sums) {
        Slot common = products.zeros();
        double far = far(logScale);
        List<FrozenModels.Point> all = new ArrayList<>(points);
        LossSettings.Arm meanLogit = LossSettings.Arm.plain(
                "the mean logit", LossForm.plain(Loss.SIGMOID), losses.get(0).optimizer()); // which has nothing to do
        for (double bias : new double[] {far, -far}) {
            double[] scalars = new double[Loss.SIGMOID.scalars().size()];
            set(Loss.SIGMOID, scalars, LossScalar.LOG_SCALE, logScale);
            set(Loss.SIGMOID, scalars, LossScalar.BIAS, bias);
            all.add(point(meanLogit, scalars));
        }
        models.gradients(all, batches, (point, batch, value, gradient) -> {
            if (point < sums.size()) {
                sums.get(point).add(gradient);
            } else {
                products.add(gradient, GradientSums.factors(point == sums.size() ? 1 : -1), common);
            }
        });
        return common;
    }

    /** A bias above all logits. */
    static double far(double logScale) {
        return Math.exp(logScale) + FAR;
    }

    /** The component along a loss's direction, by batch, where nothing was moved. */
    private interface Here {
        double[] of(int loss);
    }

    /**
     * @param directions by loss, each a sum of gradients
     * @param share of such a sum that is the mean of what it is the gradient of
     */
    private List<Curvature> curvature(
            List<FrozenModels.Point> points, List<Slot> directions, double share, double size, Here here) {
        double[] inverse = directions.stream()
                .mapToDouble(each -> GradientSums.inverse(GradientProducts.sum(products.squares(each))))
                .toArray();
        double[] steps = Arrays.stream(inverse)
                .map(each -> Curvature.step(each > 0 ? share / each : 0, size))
                .toArray();
        double[][] after = components(points, directions, inverse, steps, 1);
        double[][] before = components(points, directions, inverse, steps, -1);
        return IntStream.range(0, points.size())
                .mapToObj(i -> Curvature.of(steps[i], before[i], here.of(i), after[i]))
                .toList();
    }

    private double[][] components(
            List<FrozenModels.Point> points, List<Slot> directions, double[] inverse, double[] steps, int sign) {
        List<FrozenModels.Point> moved = IntStream.range(0, points.size())
                .mapToObj(i -> new FrozenModels.Point(
                        points.get(i).arm(),
                        products.moved(points.get(i).values(), directions.get(i), sign * steps[i] * inverse[i])))
                .toList();
        double[][] components = new double[points.size()][batches];
        models.gradients(
                moved,
                batches,
                (point, batch, value, gradient) -> components[point][(int) batch] =
                        GradientProducts.sum(products.of(gradient, directions.get(point))) * inverse[point]);
        return components;
    }
}
