package siglip.job.formats;

import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.CurrentDate;
import org.apache.spark.sql.catalyst.expressions.CurrentTimestampLike;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.LocalTimestamp;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.plans.logical.GlobalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Offset;
import org.apache.spark.sql.catalyst.plans.logical.Sample;
import org.apache.spark.sql.catalyst.plans.logical.Sort;
import scala.collection.JavaConverters;

/**
 * Tells whether a query gives the same whenever it is evaluated. Pairs are read more than once, so one that does not would lose rows, or train on
 * rows that are held out.
 */
final class Repeatable {
    private Repeatable() {}

    /** What in a query may give something else the next time: the name of a function or clause. Empty if nothing does. */
    static Optional<String> objection(Dataset<Row> rows) {
        return objection(rows.queryExecution().analyzed());
    }

    private static Optional<String> objection(LogicalPlan plan) {
        if (plan instanceof Sample) {
            return Optional.of("tablesample");
        }
        if (isUnsortedLimit(plan)) {
            return Optional.of("limit without order by");
        }
        return first(
                children(plan.expressions()).map(Repeatable::objection),
                children(plan.children()).map(Repeatable::objection));
    }

    private static Optional<String> objection(Expression expression) {
        Optional<String> below = first(
                children(expression.children()).map(Repeatable::objection),
                expression instanceof PlanExpression<?> query && query.plan() instanceof LogicalPlan plan
                        ? Stream.of(objection(plan))
                        : Stream.empty());
        return below.isEmpty() && (!expression.deterministic() || isClock(expression))
                ? Optional.of(expression.prettyName())
                : below;
    }

    /** Spark calls these deterministic since they stay the same within one query. */
    private static boolean isClock(Expression expression) {
        return expression instanceof CurrentTimestampLike
                || expression instanceof CurrentDate
                || expression instanceof LocalTimestamp;
    }

    /** Which rows a limit leaves is defined if they are sorted; a limit stands on another where both a number and an offset are given. */
    private static boolean isUnsortedLimit(LogicalPlan plan) {
        LogicalPlan below = plan;
        while (below instanceof GlobalLimit || below instanceof LocalLimit || below instanceof Offset) {
            below = children(below.children()).findFirst().orElseThrow();
        }
        return below != plan && !(below instanceof Sort);
    }

    private static Optional<String> first(Stream<Optional<String>> found, Stream<Optional<String>> more) {
        return Stream.concat(found, more).flatMap(Optional::stream).findFirst();
    }

    private static <T> Stream<T> children(scala.collection.Seq<T> of) {
        return JavaConverters.seqAsJavaList(of).stream();
    }
}
