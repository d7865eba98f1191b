package siglip.job.failures;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class RootCauseTest {
    @Test
    void wrappingsOfSparkAreLeftOutAndTheInnermostCauseIsSaid() {
        Throwable root = new IOException("no space left\nat all");

        assertThat(RootCause.line(root)).isEqualTo("no space left");
        assertThat(RootCause.line(new IllegalStateException("Job aborted due to stage failure: Task 0", root)))
                .isEqualTo("no space left");
        assertThat(RootCause.line(new ExecutionException(
                        "Exception thrown in awaitResult: ", new RuntimeException("Cannot write x", root))))
                .isEqualTo("Cannot write x: java.io.IOException: no space left");
        assertThat(RootCause.line(new RuntimeException(root)))
                .as("a message that is the cause's own")
                .isEqualTo("java.io.IOException: no space left");
    }

    @Test
    void aCauseThatSparkSendsAsTextIsFoundInIt() {
        String head =
                "Job aborted due to stage failure: Task 0 in stage 6.0 failed 4 times, most recent failure: Lost task 0.3 in stage 6.0 (TID 8) (10.0.0.2 executor 1): ";

        assertThat(RootCause.line(new RuntimeException(
                        head + "a.B: outer\n\tat a.B.c(B.java:1)\nCaused by: a.C: inner\n\t... 1 more")))
                .isEqualTo("a.C: inner");
        assertThat(RootCause.line(
                        new RuntimeException(head + "ExecutorLostFailure (executor 1 exited)\nDriver stacktrace:")))
                .isEqualTo("ExecutorLostFailure (executor 1 exited)");
        assertThat(RootCause.line(
                        new RuntimeException("Job aborted due to stage failure: Could not recover.\n\na.B: why")))
                .isEqualTo("a.B: why (Could not recover.)");
        assertThat(
                        RootCause.line(
                                new RuntimeException(
                                        "Job aborted due to stage failure: Total size of results is bigger than allowed\nDriver stacktrace:")))
                .isEqualTo("Total size of results is bigger than allowed");
        assertThat(RootCause.line(new RuntimeException("Exception thrown in awaitResult: ")))
                .as("a wrapping of nothing")
                .isEqualTo("Exception thrown in awaitResult:");
    }

    @Test
    void aCircleOfCausesEnds() {
        Exception one = new Exception("one");
        Exception other = new Exception("other", one);
        one.initCause(other);

        assertThat(RootCause.line(one)).startsWith("one");
    }
}
