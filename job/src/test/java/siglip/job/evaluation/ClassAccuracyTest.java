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
        EmbeddedSide images = items(0.8f, 0.6f, 0, -1, 0.6f, -0.8f, -1, 0);

        OptionalDouble accuracy = ClassAccuracy.of(images, CLASSES, new double[2], texts, CLASSES, new double[2]);

        assertThat(accuracy).hasValue(0.75); // the second image lies with food
    }

    @Test
    void theGapBetweenTheModalitiesDoesNotCount() {
        // all texts near (0, 1), all images near (0, -1); what differs is the sign of the first entry
        EmbeddedSide texts = items(0.1f, 1, -0.1f, 1);
        EmbeddedSide images = items(0.05f, -1, -0.05f, -1);
        List<String> classes = List.of("left", "right");

        assertThat(ClassAccuracy.of(
                        images, classes, ClassAccuracy.mean(images), texts, classes, ClassAccuracy.mean(texts)))
                .hasValue(1);
    }

    @Test
    void aCollapsedModelScoresOneOverTheNumberOfClasses() {
        EmbeddedSide same = items(0.6f, 0.8f, 0.6f, 0.8f, 0.6f, 0.8f, 0.6f, 0.8f);

        OptionalDouble accuracy =
                ClassAccuracy.of(same, CLASSES, ClassAccuracy.mean(same), same, CLASSES, ClassAccuracy.mean(same));

        assertThat(accuracy).hasValue(1.0 / 3);
    }

    @Test
    void notANumberIsNamedWrongly() {
        EmbeddedSide none = items(Float.NaN, 0, Float.NaN, 0, Float.NaN, 0, Float.NaN, 0);
        EmbeddedSide texts = items(1, 0, 1, 0, 0, 1, -1, 0);

        assertThat(ClassAccuracy.of(none, CLASSES, new double[2], texts, CLASSES, new double[2]))
                .hasValue(0);
        assertThat(ClassAccuracy.of(texts, CLASSES, new double[2], none, CLASSES, new double[2]))
                .hasValue(0);
    }

    @Test
    void rowsWithoutAClassDoNotCount() {
        EmbeddedSide items = items(1, 0, -1, 0, 0, 1, 0, -1);

        assertThat(ClassAccuracy.of(
                        items,
                        List.of("", "a", "b", ""),
                        new double[2],
                        items,
                        List.of("c", "a", "b", ""),
                        new double[2]))
                .hasValue(1);
        assertThat(ClassAccuracy.of(items, List.of("", "", "", ""), new double[2], items, CLASSES, new double[2]))
                .isEmpty();
    }

    private static EmbeddedSide items(float... rows) {
        int[] concepts = new int[rows.length / 2];
        Arrays.setAll(concepts, i -> i);
        return new EmbeddedSide(rows, concepts, 2);
    }
}
