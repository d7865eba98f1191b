package siglip.job.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.job.optimizer.OptimizerSnapshot;
import siglip.job.training.ArmSnapshot;

/** {@code state.json}: everything about a run that is no array of floats and no step record. Doubles come back with the same bits. */
record StateFile(
        long step,
        int attempts,
        String numerics,
        List<Arm> arms,
        List<String> incidents,
        Map<String, String> notes,
        String started,
        double spentSeconds) {
    static final String NAME = "state.json";

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /**
     * One arm.
     *
     * @param stopped why; null while it goes on
     * @param dense number of floats of the towers
     * @param table number of floats of the table
     */
    record Arm(
            String name,
            long nextStep,
            String stopped,
            double logScale,
            double bias,
            long updates,
            double[] scalarMean,
            double[] scalarSquare,
            int dense,
            int table,
            long peakBytes) {
        static Arm of(ArmSnapshot arm) {
            return new Arm(
                    arm.arm(),
                    arm.nextStep(),
                    arm.stopped().orElse(null),
                    arm.logScale(),
                    arm.bias(),
                    arm.optimizer().updates(),
                    arm.optimizer().scalarMean(),
                    arm.optimizer().scalarSquare(),
                    arm.dense().length,
                    arm.table().length,
                    arm.peakBytes());
        }

        /** The file of the arm's arrays. */
        String file() {
            return "arm-" + name + ".f32";
        }

        ArmSnapshot with(float[][] arrays) {
            return new ArmSnapshot(
                    name,
                    nextStep,
                    Optional.ofNullable(stopped),
                    logScale,
                    bias,
                    arrays[0],
                    arrays[1],
                    new OptimizerSnapshot(
                            updates, arrays[2], arrays[3], arrays[4], arrays[5], scalarMean, scalarSquare),
                    peakBytes);
        }
    }

    static StateFile of(Checkpoint checkpoint) {
        History history = checkpoint.history();
        return new StateFile(
                checkpoint.training().step(),
                checkpoint.training().attempts(),
                checkpoint.training().numerics().toString(),
                checkpoint.training().arms().stream().map(Arm::of).toList(),
                history.incidents(),
                history.notes(),
                history.started().toString(),
                history.spent().toNanos() * 1e-9);
    }

    void write(OutputStream out) throws IOException {
        out.write(JSON.writeValueAsBytes(this));
    }

    static StateFile read(InputStream in) throws IOException {
        return JSON.readValue(in.readAllBytes(), StateFile.class);
    }

    Instant begun() {
        return Instant.parse(started);
    }

    Duration spent() {
        return Duration.ofNanos(Math.round(spentSeconds * 1e9));
    }
}
