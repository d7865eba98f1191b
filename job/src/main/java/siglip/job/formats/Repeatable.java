package siglip.job.formats;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;
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
 * rows that are held out. Nor may one call Java methods by their names.
 */
final class Repeatable {
    /** They call a static method of any class by its name, which loads that class as soon as the query is understood. */
    private static final List<String> REFLECTIVE = List.of("java_method", "reflect", "try_reflect");

    private Repeatable() {}

    /** What in a query may give something else the next time: the name of a function or clause. Empty if nothing does. */
    static Optional<String> objection(Dataset<Row> rows) {
        return objection(rows.queryExecution().analyzed());
    }

    /**
     * From now on, a query of this session that calls a Java method by its name is refused, wherever in it that is: in place of the functions that do
     * so stand some of the same names that only refuse.
     *
     * @param attempt what cannot be done then, as the beginning of the message
     */
    static void refuseCallsByName(SparkSession session, String attempt) {
        FunctionRegistry registry = session.sessionState().functionRegistry();
        for (String name : REFLECTIVE) {
            registry.dropFunction(FunctionIdentifier.apply(name)); // or Spark would warn of each that it is replaced
            registry.createOrReplaceTempFunction(
                    name,
                    arguments -> {
                        throw new DataException(
                                "%s: %s calls Java methods by their names, which is not allowed here. Choose rows by what is in them"
                                        .formatted(attempt, name));
                    },
                    "built-in");
        }
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
