package siglip.job.frozen;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import siglip.job.stability.Curvature;
import siglip.job.stability.Estimate;
import siglip.job.stability.GradientNoise;

/** The figures for programs: {@code docs/metrics.md} has the keys. */
public final class FrozenJson {
    private FrozenJson() {}

    public static ObjectNode of(FrozenFigures figures) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("batch_size", figures.pairs());
        json.put("batches", figures.batches());
        ArrayNode models = json.putArray("models");
        figures.models().forEach(model -> add(model, models.addObject()));
        return json;
    }

    private static void add(FrozenFigures.OfModel model, ObjectNode json) {
        json.put("checkpoint", model.checkpoint());
        json.put("step", model.step());
        json.put("arm", model.arm());
        add(model.scalars(), json.putObject("scalars"));
        put(json, "parameter_norm", model.size());
        put(json, "mean_logit_slope", model.meanLogitSlope());
        ArrayNode losses = json.putArray("losses");
        model.losses().forEach(loss -> add(loss, losses.addObject()));
        ArrayNode angles = json.putArray("angles");
        for (FrozenFigures.Angle angle : model.angles()) {
            ObjectNode each = angles.addObject();
            each.putArray("between").add(angle.one()).add(angle.other());
            ObjectNode cosine = each.putObject("cosine");
            angle.cosine().forEach((part, estimate) -> add(estimate, cosine.putObject(part)));
        }
    }

    private static void add(FrozenFigures.OfLoss loss, ObjectNode json) {
        json.put("loss", loss.loss());
        add(loss.scalars(), json.putObject("scalars"));
        add(loss.value(), json.putObject("value"));
        ObjectNode gradient = json.putObject("gradient");
        loss.noise().forEach((part, noise) -> add(noise, gradient.putObject(part)));
        add(loss.commonCosine(), json.putObject("cosine_with_mean_logit"));
        ObjectNode curvature = json.putObject("curvature");
        add(loss.along(), curvature.putObject("gradient"));
        add(loss.common(), curvature.putObject("mean_logit"));
    }

    private static void add(GradientNoise noise, ObjectNode json) {
        json.put("resolved", noise.isResolved());
        add(noise.square(), json.putObject("square"));
        put(json, "mean_square", noise.meanSquare());
        add(noise.variance(), json.putObject("variance"));
        add(noise.noiseScale(), json.putObject("noise_scale"));
        put(json, "naive_noise_scale", noise.naiveNoiseScale());
        add(noise.cosine(), json.putObject("batch_cosine"));
    }

    private static void add(Curvature curvature, ObjectNode json) {
        add(curvature.central(), json);
        put(json, "step", curvature.step());
        put(json, "forward", curvature.forward());
        put(json, "backward", curvature.backward());
    }

    private static void add(Estimate estimate, ObjectNode json) {
        put(json, "value", estimate.value());
        put(json, "low", estimate.low());
        put(json, "high", estimate.high());
    }

    private static void add(Map<String, Double> scalars, ObjectNode json) {
        scalars.forEach((name, value) -> put(json, name, value));
    }

    /** JSON has no NaN and no infinity. */
    private static void put(ObjectNode json, String key, double value) {
        if (Double.isFinite(value)) {
            json.put(key, value);
        } else {
            json.putNull(key);
        }
    }
}
