package siglip.job.formats;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import scala.collection.JavaConverters;

/** Sessions of our own, so that what the reading of pairs sets changes nothing of the caller's. */
final class OwnSession {
    private OwnSession() {}

    /** A session with the same settings as another. */
    static SparkSession like(SparkSession spark) {
        SparkSession session = spark.newSession();
        JavaConverters.mapAsJavaMap(spark.conf().getAll()).forEach((key, value) -> {
            if (session.conf().isModifiable(key)) {
                session.conf().set(key, value);
            }
        });
        return session;
    }

    /** Makes names count with their case from now on, if those of some columns, or of fields of a struct, differ in it alone. */
    static void tellApart(SparkSession session, StructType columns) {
        if (ParquetColumns.differInCaseAlone(columns)) {
            session.conf().set("spark.sql.caseSensitive", true);
        }
    }

    /** Whether names count with their case. */
    static boolean caseCounts(SparkSession session) {
        return session.sessionState().conf().caseSensitiveAnalysis();
    }
}
