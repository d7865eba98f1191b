package siglip.job.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import siglip.job.optimizer.OptimizerSnapshot;
import siglip.job.optimizer.Slot;
import siglip.job.training.ArmSnapshot;
import siglip.kernels.Loss;
import siglip.kernels.LossScalars;

/** {@code state.json}: everything about a run that is no array of floats and no step record. Doubles come back with the same bits. */
record StateFile(
        long step,
        int attempts,
        String numerics,
        List<Arm> arms,
        List<String> incidents,
        JsonNode notes,
        String started,
        double spentSeconds) {
    static final String NAME = "state.json";

    private static final Pattern ARRAYS = Pattern.compile("arm-.+\\.f32");
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Whether a file of that name is one of a checkpoint's. */
    static boolean isOfCheckpoint(String name) {
        return name.equals(NAME)
                || name.equals(Manifest.NAME)
                || ARRAYS.matcher(name).matches();
    }

    /**
     * One arm.
     *
     * @param stopped why; null while it goes on
     * @param dense number of floats of the towers
     * @param table number of floats of the table
     * @param updates that the optimizer has applied
     * @param slots by name, the parameters first and then those of the optimizer, in the order of the arm's file of arrays: of each, the numbers
     *     of the loss's scalars by name
     */
    record Arm(
            String name,
            String loss,
            long nextStep,
            String stopped,
            int dense,
            int table,
            String optimizer,
            long updates,
            Map<String, Map<String, Double>> slots,
            long peakBytes) {
        static Arm of(ArmSnapshot arm) {
            Map<String, Map<String, Double>> slots = new LinkedHashMap<>();
            slotsOf(arm).forEach(slot -> slots.put(slot.name(), arm.loss().named(slot.scalars())));
            return new Arm(
                    arm.arm(),
                    arm.loss().id(),
                    arm.nextStep(),
                    arm.stopped().orElse(null),
                    arm.parameters().dense().length,
                    arm.parameters().table().length,
                    arm.optimizer().optimizer(),
                    arm.optimizer().updates(),
                    slots,
                    arm.peakBytes());
        }

        /** In the order of the file of arrays. */
        static List<Slot> slotsOf(ArmSnapshot arm) {
            List<Slot> slots = new ArrayList<>(List.of(arm.parameters()));
            slots.addAll(arm.optimizer().slots());
            return slots;
        }

        /** The file of the arm's arrays. */
        String file() {
            return "arm-" + name + ".f32";
        }

        /** Bytes that the arrays take in it. */
        long bytes() {
            return (long) slots.size() * Float.BYTES * ((long) dense + table);
        }

        /** Reads the arrays. */
        ArmSnapshot read(InputStream in) throws IOException {
            Loss kind = Loss.of(loss);
            List<Slot> read = new ArrayList<>();
            slots.forEach((slot, scalars) -> read.add(new Slot(
                    slot,
                    new float[dense],
                    new float[table],
                    LossScalars.of(kind, scalars).toArray())));
            ArmArrays.read(read, in);
            return new ArmSnapshot(
                    name,
                    kind,
                    nextStep,
                    Optional.ofNullable(stopped),
                    read.get(0),
                    new OptimizerSnapshot(optimizer, updates, read.subList(1, read.size())),
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
