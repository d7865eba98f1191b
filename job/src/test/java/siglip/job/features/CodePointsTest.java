package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Java's data on characters may change with Java; those that tokens depend on must not. */
class CodePointsTest {
    @Test
    void theKnownCharactersAreThoseOfJava17() {
        assumeTrue(Runtime.version().feature() == 17, "a later Java knows more characters");

        assertThat(IntStream.rangeClosed(0, Character.MAX_CODE_POINT))
                .allMatch(c -> CodePoints.isKnown(c) == Character.isDefined(c));
    }

    /** Counted on Java 17. */
    @Test
    void everyJavaTakesTheSameKnownCharactersForLettersNumbersAndMarks() {
        assertThat(sum(CodePoints::isLetterOrNumber)).isEqualTo(2014418541007791L);
        assertThat(sum(CodePoints::isMark)).isEqualTo(208940839382400L);
    }

    @Test
    void charactersThatAreLettersOrMarksAreNotBoth() {
        assertThat(IntStream.rangeClosed(0, Character.MAX_CODE_POINT))
                .noneMatch(c -> CodePoints.isLetterOrNumber(c) && CodePoints.isMark(c));
    }

    /** Tells sets apart that differ in one character, and those of the same size that differ in two. */
    private static long sum(IntPredicate set) {
        return IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> CodePoints.isKnown(c) && set.test(c))
                .mapToLong(c -> (long) c * c + 1)
                .sum();
    }
}
