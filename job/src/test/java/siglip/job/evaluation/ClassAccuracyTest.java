package siglip.job.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class ClassAccuracyTest {
    private static final List<String> CLASSES = List.of("animal", "animal", "food", "flag");

    @Test
    void anImageIsNamedByTheNearestMeanOfCaptions() {
        EmbeddedSide texts = items(1, 0, 0.6f, 0.8f, 0, -1, -1, 0);
        EmbeddedSide images = strangers(0.8f, 0.6f, 0, -1, 0.6f, -0.8f, -1, 0);

        OptionalDouble accuracy = ClassAccuracy.of(images, CLASSES, new double[2], texts, CLASSES, new double[2]);

        assertThat(accuracy).hasValue(0.75); // the second image lies with food
    }

    @Test
    void theGapBetweenTheModalitiesDoesNotCount() {
        // all texts near (0, 1), all images near (0, -1); what differs is the sign of the first entry
        EmbeddedSide texts = items(0.1f, 1, -0.1f, 1);
        EmbeddedSide images = strangers(0.05f, -1, -0.05f, -1);
        List<String> classes = List.of("left", "right");

        assertThat(ClassAccuracy.of(
                        images, classes, ClassAccuracy.mean(images), texts, classes, ClassAccuracy.mean(texts)))
                .hasValue(1);
    }

    @Test
    void aCollapsedModelScoresOneOverTheNumberOfClasses() {
        float[] same = {0.6f, 0.8f, 0.6f, 0.8f, 0.6f, 0.8f, 0.6f, 0.8f};
        double[] mean = ClassAccuracy.mean(items(same));

        OptionalDouble accuracy = ClassAccuracy.of(strangers(same), CLASSES, mean, items(same), CLASSES, mean);

        assertThat(accuracy).hasValue(1.0 / 3);
    }

    @Test
    void notANumberIsNamedWrongly() {
        float[] none = {Float.NaN, 0, Float.NaN, 0, Float.NaN, 0, Float.NaN, 0};
        float[] some = {1, 0, 1, 0, 0, 1, -1, 0};

        assertThat(ClassAccuracy.of(strangers(none), CLASSES, new double[2], items(some), CLASSES, new double[2]))
                .hasValue(0);
        assertThat(ClassAccuracy.of(strangers(some), CLASSES, new double[2], items(none), CLASSES, new double[2]))
                .hasValue(0);
    }

    @Test
    void rowsWithoutAClassDoNotCount() {
        EmbeddedSide items = items(1, 0, -1, 0, 0, 1, 0, -1);
        EmbeddedSide images = strangers(items.rows());

        assertThat(ClassAccuracy.of(
                        images,
                        List.of("", "a", "b", ""),
                        new double[2],
                        items,
                        List.of("c", "a", "b", ""),
                        new double[2]))
                .hasValue(1);
        assertThat(ClassAccuracy.of(images, List.of("", "", "", ""), new double[2], items, CLASSES, new double[2]))
                .isEmpty();
    }

    /** Captions that say nothing of their class, but each of its image: with them an image finds its class. */
    @Test
    void theCaptionOfAnImageDoesNotVouchForItsClass() {
        EmbeddedSide items = items(1, 0, -1, 0, 0, 1, 0, -1);
        List<String> classes = List.of("a", "a", "b", "b");

        assertThat(ClassAccuracy.of(items, classes, new double[2], items, classes, new double[2]))
                .hasValue(0);
        assertThat(ClassAccuracy.of(
                        items,
                        List.of("a", "b", "c", "d"),
                        new double[2],
                        items,
                        List.of("a", "b", "c", "d"),
                        new double[2]))
                .as("no class has a caption of another concept")
                .isEmpty();
        assertThat(ClassAccuracy.of(
                        strangers(items.rows()),
                        List.of("a", "b", "c", "d"),
                        new double[2],
                        items,
                        List.of("a", "b", "c", "d"),
                        new double[2]))
                .hasValue(1);
    }

    /** Rows of concepts that {@link #items} do not have. */
    private static EmbeddedSide strangers(float... rows) {
        int[] concepts = new int[rows.length / 2];
        Arrays.setAll(concepts, i -> 1000 + i);
        return new EmbeddedSide(rows, concepts, 2);
    }

    /** Rows that each show a concept of their own. */
    private static EmbeddedSide items(float... rows) {
        int[] concepts = new int[rows.length / 2];
        Arrays.setAll(concepts, i -> i);
        return new EmbeddedSide(rows, concepts, 2);
    }
}
