package siglip.job.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;

/** Arms for tests, which train as the defaults say. */
public final class TestArms {
    private TestArms() {}

    public static LossSettings.Arm of(String name, Loss loss, Map<LossScalar, Double> initial) {
        return of(name, LossForm.plain(loss), initial);
    }

    public static LossSettings.Arm of(String name, LossForm form, Map<LossScalar, Double> initial) {
        OptimizerSettings optimizer = SettingsLoader.load(
                        new SettingsSources(List.of(), Map.of(), Map.of(), Optional.empty()))
                .settings()
                .training()
                .optimizer();
        return of(name, form, initial, optimizer);
    }

    public static LossSettings.Arm of(
            String name, LossForm form, Map<LossScalar, Double> initial, OptimizerSettings optimizer) {
        return of(name, form, initial, optimizer, 200);
    }

    /** With a largest scale of its own. */
    public static LossSettings.Arm of(
            String name, LossForm form, Map<LossScalar, Double> initial, OptimizerSettings optimizer, double maxScale) {
        return new LossSettings.Arm(
                name,
                form,
                initial,
                maxScale,
                DuplicatePolicy.IGNORE,
                Optional.empty(),
                optimizer,
                TowerTraining.WHOLE,
                TowerTraining.WHOLE);
    }
}
