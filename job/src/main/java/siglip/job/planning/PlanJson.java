package siglip.job.planning;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import siglip.job.losses.Network;
import siglip.job.stage.Phase;

/** A plan for programs: seconds, bytes, core-hours. */
public final class PlanJson {
    private PlanJson() {}

    public static ObjectNode of(Forecast forecast) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ObjectNode measured = json.putObject("measured");
        measured.put("products", forecast.numerics().products());
        measured.put("precision", forecast.numerics().precision());
        measured.put("elementwise", forecast.numerics().elementwise());
        for (ProductRates rates : forecast.products()) {
            ObjectNode product = measured.putObject("flops_" + rates.precision().id());
            product.put("tile", rates.tile());
            product.put("tower", rates.tower());
        }
        Network network = forecast.network();
        ObjectNode wire = json.putObject("network");
        wire.put("bytes_per_second", network.bandwidth());
        wire.put("latency_seconds", network.latency());
        wire.put("core_seconds_per_message", network.message());
        wire.put("core_seconds_per_byte", network.processing());
        ArrayNode plans = json.putArray("plans");
        forecast.plans().forEach(plan -> add(plan, plans.addObject()));
        return json;
    }

    private static void add(RunForecast plan, ObjectNode json) {
        Workload work = plan.work();
        json.put("batch_size", work.lossShape().rows().total());
        json.put("ranks", work.lossShape().ranks());
        json.put("cores_per_rank", work.lossShape().cores());
        json.put("width", work.lossShape().width());
        json.put("parameters", work.layout().dense());
        json.put("step_seconds", plan.seconds());
        json.put("step_spread", plan.spread());
        ArrayNode arms = json.putArray("arms");
        plan.arms().forEach(arm -> add(plan, arm, arms.addObject()));
        add(plan.rank(), json.putObject("rank_memory"));
        add(plan.driver(), json.putObject("driver_memory"));
        Rates rates = plan.rates();
        ObjectNode seconds = json.putObject("core_seconds");
        seconds.put("forward_pair", rates.forward());
        seconds.put("backward_pair", rates.backward());
        rates.loss().forEach(seconds::put);
        seconds.put("added_float", rates.addedFloat());
        seconds.put("copied_float", rates.copiedFloat());
        seconds.put("updated_parameter", rates.update());
        ArrayNode warnings = json.putArray("warnings");
        plan.warnings().forEach(warnings::add);
    }

    private static void add(RunForecast plan, StepForecast arm, ObjectNode json) {
        json.put("loss", arm.loss().loss().id());
        if (!arm.loss().named().isEmpty()) {
            arm.loss().named().forEach(json.putObject("loss_options")::putPOJO);
        }
        json.put("seconds", arm.seconds());
        ObjectNode phases = json.putObject("phase_seconds");
        for (Phase phase : Phase.values()) {
            phases.put(phase.key(), arm.seconds(phase));
        }
        json.put("limit", arm.limit().key());
        json.put("core_hours", plan.coreHours(arm));
        json.put("ring_bytes", arm.traffic().ring());
        json.put("reduce_bytes", arm.traffic().reduce());
        json.put("driver_bytes", arm.traffic().driver());
        add(arm.memory(), json.putObject("memory"));
    }

    private static void add(Memory memory, ObjectNode json) {
        json.put("off_heap_bytes", memory.direct());
        json.put("heap_bytes", memory.heap());
        ArrayNode parts = json.putArray("parts");
        for (Memory.Part part : memory.parts()) {
            ObjectNode each = parts.addObject();
            each.put("what", part.what());
            each.put("off_heap_bytes", part.direct());
            each.put("heap_bytes", part.heap());
        }
    }
}
